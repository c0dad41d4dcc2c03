import { setMaxListeners } from 'node:events';
import { setTimeout as later } from 'node:timers/promises';
import { type App, type ClientOf, ServiceError } from 'tenon';
import { Piece, type PieceOrder, Target } from './target.js';

/** Server streams that a caller is to read, all at once. */
export interface ReadOrder {
  readonly name: string;
  readonly streams: number;
  /** How large each piece is. */
  readonly bytes: number;
  /** For how long pieces are counted, from when every stream has brought its first one. */
  readonly durationMs: number;
  /** How the node paces itself, see {@link PieceOrder}. */
  readonly everyMs?: number;
  /** How long a reader waits before it asks for the next piece. `null`: it takes the first piece and never asks again. Default 0. */
  readonly pauseMs?: number | null;
}

export interface ReadFindings {
  /** Pieces that came within the time, in all streams, and how many came in the poorest. */
  readonly pieces: number;
  readonly fewest: number;
  readonly perSecond: number;
  readonly failures: readonly string[];
}

/** A client stream that a caller is to make. */
export interface OfferOrder {
  readonly bytes: number;
  readonly pieces: number;
  readonly timeoutMs?: number;
}

export interface OfferFindings {
  /** Pieces that the stack asked for, and those that the node says it read. */
  readonly asked: number;
  readonly read: number;
  readonly elapsedMs: number;
  readonly failure?: string;
}

/** Streams of the calling half of a fleet. */
export class StreamLoads {
  readonly #target: ClientOf<Target>;
  readonly #stops = new Map<string, AbortController>();

  constructor(app: App) {
    this.#target = app.client(Target);
  }

  /** Reads streams; they are cancelled at the end of the time, or where `durationMs` is 0 when {@link stop} says so. */
  async read({ name, streams, bytes, durationMs, everyMs, pauseMs = 0 }: ReadOrder): Promise<ReadFindings> {
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    this.#stops.set(name, stop);
    const counts = new Array<number>(streams).fill(0);
    const failures: string[] = [];
    let waiting = streams;
    let counting = false;
    let began: () => void = () => {};
    const allBegan = new Promise<void>((resolve) => {
      began = resolve;
    });
    const readOne = async (index: number): Promise<void> => {
      const order: PieceOrder = { bytes, ...(everyMs === undefined ? {} : { everyMs }) };
      let isFirst = true;
      for await (const piece of this.#target.pieces(order, { signal: stop.signal })) {
        if (piece.text.length !== bytes) throw new Error(`a piece of ${piece.text.length} instead of ${bytes}`);
        if (isFirst && --waiting === 0) began();
        isFirst = false;
        if (counting) counts[index] = (counts[index] ?? 0) + 1;
        if (pauseMs === null) await later(2 ** 30, undefined, { signal: stop.signal });
        else if (pauseMs > 0) await later(pauseMs, undefined, { signal: stop.signal });
      }
    };
    const reading = counts.map(async (_, index) => {
      try {
        await readOne(index);
      } catch (thrown) {
        if (!stop.signal.aborted && failures.length < 5) failures.push(String(thrown));
        if (!stop.signal.aborted) began();
      }
    });
    await allBegan;
    counting = true;
    const from = performance.now();
    await later(durationMs, undefined, { signal: stop.signal }).catch(() => {});
    counting = false;
    const elapsedMs = performance.now() - from;
    const pieces = counts.reduce((sum, one) => sum + one, 0);
    stop.abort();
    await Promise.all(reading);
    this.#stops.delete(name);
    return { pieces, fewest: Math.min(...counts), perSecond: (pieces * 1_000) / elapsedMs, failures };
  }

  stop(name: string): void {
    this.#stops.get(name)?.abort();
  }

  /** Offers pieces as fast as they are taken. Never rejects. */
  async offer({ bytes, pieces, timeoutMs }: OfferOrder): Promise<OfferFindings> {
    const began = performance.now();
    let asked = 0;
    async function* offered(): AsyncGenerator<Piece> {
      for (; asked < pieces; asked += 1) yield { n: asked, text: textOf(bytes) };
    }
    try {
      const { pieces: read } = await this.#target.gather(offered(), timeoutMs === undefined ? {} : { timeoutMs });
      return { asked, read, elapsedMs: performance.now() - began };
    } catch (thrown) {
      return { asked, read: 0, elapsedMs: performance.now() - began, failure: ServiceError.from(thrown).message };
    }
  }
}

/** A text of its own each time, as values of real callers are. */
export function textOf(bytes: number): string {
  return Buffer.alloc(bytes, 0x78).toString('latin1');
}
