import { type Clock, type Logger, type Message, ServiceError } from '@tenon/contract';
import { DropLog, isForQueue } from '@tenon/contract/authoring';
import type { Subscriber } from '../wire/subscriber-record.js';
import { Lane, type LaneLimits, type LaneParts, type Parcel } from './lane.js';
import type { Poster } from './poster.js';
import type { SubscriberDirectory } from './subscriber-directory.js';

/** What a {@link FanOut} works with. */
export interface FanOutParts {
  readonly directory: SubscriberDirectory;
  readonly poster: Poster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: LaneLimits & { readonly maxPendingMs: number };
}

/** Posts messages at most once: a copy to each subscriber without a queue, and one to a member of each queue, in turn. */
export class FanOut {
  readonly #parts: FanOutParts;
  readonly #laneParts: LaneParts;
  readonly #lanes = new Map<string, Lane>();
  readonly #turns = new Map<string, number>();
  readonly #drops: DropLog;
  #idle: (() => void)[] = [];
  #isClosed = false;

  constructor(parts: FanOutParts) {
    this.#parts = parts;
    const { poster, clock, limits, logger } = parts;
    this.#drops = new DropLog(logger, clock, 'messages were dropped that a subscriber did not take at most once');
    this.#laneParts = {
      poster,
      clock,
      limits,
      onDrop: ({ topic }, { id, address }, reason) => this.#drops.add({ topic, subscriber: id, address, reason }),
      onIdle: (lane) => this.#ended(lane),
    };
  }

  /** How many messages were dropped so far. */
  get dropped(): number {
    return this.#drops.count;
  }

  /**
   * Puts a message on the way to each of those who want it.
   *
   * @throws ServiceError `ResourceExhausted` where nobody has room for it. Where some have, the rest is counted and logged.
   */
  publish(topic: string, body: Buffer, message: Message, wanted: readonly Subscriber[]): void {
    if (wanted.length === 0) return;
    const { clock, limits } = this.#parts;
    const parcel: Parcel = { topic, body, timeMs: message.timeMs, expiresAt: clock.now() + limits.maxPendingMs };
    let added = 0;
    const full: Subscriber[] = [];
    const put = (to: Subscriber | undefined, one: Parcel, instead: Subscriber): void => {
      if (to === undefined) full.push(instead);
      else {
        this.#laneTo(to).add(one);
        added += 1;
      }
    };
    const queues = new Map<string, Subscriber[]>();
    for (const one of wanted) {
      if (!isForQueue(message, one.queue)) continue;
      if (one.queue === undefined) put(this.#hasRoom(one, body) ? one : undefined, parcel, one);
      else if (!queues.get(keyOf(one))?.push(one)) queues.set(keyOf(one), [one]);
    }
    for (const [key, members] of queues) {
      const passOn = this.#passOn(key, topic, body, parcel);
      put(this.#nextOf(key, members, body), { ...parcel, passOn }, members[0] as Subscriber);
    }
    if (added === 0 && full.length > 0) throw this.#exhausted(topic, full);
    for (const { id } of full) this.#drops.add({ topic, subscriber: id, reason: 'as many wait for it as may' });
  }

  /** Resolves when nothing is on its way any more. */
  flushed(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Forgets the ways to subscribers that have gone; called when that may have changed. */
  sweep(): void {
    for (const [id, lane] of this.#lanes) {
      if (lane.isIdle && !this.#parts.directory.all.has(id)) this.#lanes.delete(id);
    }
  }

  /** Drops what is on its way. */
  close(): void {
    this.#isClosed = true;
    for (const lane of this.#lanes.values()) lane.close();
  }

  /** Says how many were dropped since it was last said. */
  end(): void {
    this.#drops.end();
  }

  /** A function that hands a message of a queue to a member that has not had it. */
  #passOn(key: string, topic: string, body: Buffer, parcel: Parcel): (from: Subscriber) => boolean {
    const tried = new Set<string>();
    const passOn = (from: Subscriber): boolean => {
      tried.add(from.id);
      const members = this.#parts.directory
        .matching(topic)
        .filter((one) => one.queue !== undefined && keyOf(one) === key && !tried.has(one.id));
      const next = this.#isClosed ? undefined : this.#nextOf(key, members, body);
      if (next !== undefined) this.#laneTo(next).add({ ...parcel, passOn });
      // Every member has refused once: from then on the last one is asked, or all of them anew where it has gone.
      else tried.clear();
      return next !== undefined;
    };
    return passOn;
  }

  #nextOf(key: string, members: readonly Subscriber[], body: Buffer): Subscriber | undefined {
    const turn = this.#turns.get(key) ?? 0;
    this.#turns.set(key, (turn + 1) % 0x4000_0000);
    for (let index = 0; index < members.length; index += 1) {
      const one = members[(turn + index) % members.length] as Subscriber;
      if (this.#hasRoom(one, body)) return one;
    }
    return undefined;
  }

  #hasRoom({ id }: Subscriber, body: Buffer): boolean {
    return this.#lanes.get(id)?.hasRoomFor(body.length) ?? true;
  }

  #laneTo(to: Subscriber): Lane {
    const known = this.#lanes.get(to.id);
    if (known !== undefined) return known;
    const lane = new Lane(to, this.#laneParts);
    this.#lanes.set(to.id, lane);
    return lane;
  }

  /** The way to a subscriber that stands is kept: its numbers go on. */
  #ended({ to }: Lane): void {
    if (!this.#parts.directory.all.has(to.id)) this.#lanes.delete(to.id);
    if (this.#idle.length === 0 || !this.#isIdle()) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #isIdle(): boolean {
    return [...this.#lanes.values()].every(({ isIdle }) => isIdle);
  }

  #exhausted(topic: string, full: readonly Subscriber[]): ServiceError {
    const { maxPendingMessages, maxPendingBytes } = this.#parts.limits;
    const what = `${maxPendingMessages} messages or ${maxPendingBytes} bytes wait for each subscriber of ${topic} already`;
    const mend = 'raise httpBroker.maxPendingMessages or maxPendingBytes, or look why they take nothing';
    return new ServiceError('ResourceExhausted', `${what}; ${mend}`, {
      executed: 'no',
      details: { subscribers: full.map(({ id }) => id) },
    });
  }
}

/** Members share a queue over all patterns at most once, as on NATS; at least once each pattern has its own. */
function keyOf({ topic, queue, tenon }: Subscriber): string {
  return JSON.stringify(tenon?.delivery === 'atLeastOnce' ? [queue, topic] : [queue]);
}
