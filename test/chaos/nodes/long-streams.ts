import { type App, type ClientOf, ServiceError } from 'tenon';
import { epochNow } from './hop.js';
import { type PieceOrder, Target } from './target.js';

/** Server streams that a caller reads to their end, going on elsewhere where one breaks. */
export interface FollowOrder {
  /** How many pieces each stream has: one stream for each number. */
  readonly lengths: readonly number[];
  readonly everyMs: number;
  readonly bytes: number;
  /** The node on which all of them begin. One that breaks goes on wherever the selector says. */
  readonly address: string;
}

export interface FollowFindings {
  /** Pieces that came, each counted once. */
  readonly pieces: number;
  /** Pieces that are missing: a later one came instead, or the stream ended as if it were whole. */
  readonly lost: number;
  readonly twice: number;
  /** Streams that have all their pieces, and those of them that were opened again. */
  readonly whole: number;
  readonly moved: number;
  /** The code and `executed` of what streams broke with, and how often. */
  readonly breaks: Readonly<Record<string, number>>;
  /** When each stream was opened again, in milliseconds since 1970. */
  readonly movedAtEpochMs: readonly number[];
}

/** The reading half of long streams. */
export class LongStreams {
  readonly #target: ClientOf<Target>;
  #open = 0;

  constructor(app: App) {
    this.#target = app.client(Target);
  }

  /** How many streams have brought a piece and not ended. */
  get open(): number {
    return this.#open;
  }

  /** Never rejects: what streams broke with is what was found. */
  async follow({ lengths, address, ...order }: FollowOrder): Promise<FollowFindings> {
    const breaks: Record<string, number> = {};
    const streams = await Promise.all(lengths.map((pieces) => this.#followOne({ ...order, pieces }, address, breaks)));
    const sum = (key: 'got' | 'lost' | 'twice'): number => streams.reduce((total, stream) => total + stream[key], 0);
    return {
      pieces: sum('got'),
      lost: sum('lost'),
      twice: sum('twice'),
      whole: streams.filter(({ isWhole }) => isWhole).length,
      moved: streams.filter(({ movedAt }) => movedAt.length > 0).length,
      breaks,
      movedAtEpochMs: streams.flatMap(({ movedAt }) => movedAt),
    };
  }

  async #followOne(order: PieceOrder & { readonly pieces: number }, address: string, breaks: Record<string, number>) {
    const found = { got: 0, lost: 0, twice: 0, isWhole: false, movedAt: [] as number[] };
    const { pieces } = order;
    let next = 0;
    for (let tries = 0; tries < maxTries && !found.isWhole; tries += 1) {
      let isOpen = false;
      try {
        for await (const { n } of this.#target.pieces({ ...order, from: next }, tries === 0 ? { address } : {})) {
          if (!isOpen) this.#open += 1;
          isOpen = true;
          if (n < next) {
            found.twice += 1;
            continue;
          }
          found.lost += n - next;
          found.got += 1;
          next = n + 1;
        }
        found.lost += pieces - next;
        found.isWhole = true;
      } catch (thrown) {
        const { code, executed, rawMessage } = ServiceError.from(thrown);
        const kind = `${code} (executed: ${executed}): ${rawMessage}`;
        breaks[kind] = (breaks[kind] ?? 0) + 1;
        found.movedAt.push(epochNow());
      } finally {
        if (isOpen) this.#open -= 1;
      }
    }
    return found;
  }
}

const maxTries = 4;
