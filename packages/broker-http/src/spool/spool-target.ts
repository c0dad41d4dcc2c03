import type { CancelTimer, Clock } from '@tenon/contract';
import { backoffMs } from '@tenon/contract/authoring';
import type { Poster, PostOutcome } from '../publisher/poster.js';
import type { Subscriber } from '../wire/subscriber-record.js';
import { requestHeaders } from '../wire/tenon-headers.js';
import { type Entry, EntryLine } from './entry-line.js';
import type { SpoolStore } from './spool-store.js';

/** For whom messages are kept. */
export interface TargetTerms {
  /** As entries name it. */
  readonly key: string;
  readonly pattern: string;
  /** Undefined: one subscriber, which has none. */
  readonly queue: string | undefined;
  isOrdered: boolean;
}

/** What a {@link SpoolTarget} works with. */
export interface TargetParts {
  readonly store: SpoolStore;
  readonly poster: Poster;
  readonly clock: Clock;
  readonly maxConnections: number;
  /** An entry that every subscriber fails to read goes here, and is off the target. */
  readonly giveUp: (entry: Entry, target: TargetTerms, reason: string) => void;
  /** An entry is done with. */
  readonly onDone: () => void;
  /** An entry is not with a member any more, and whatever could be posted instead is. */
  readonly onPosted: () => void;
}

/**
 * What is kept for one queue, or for one subscriber without one: each entry is with one member at a time, and comes again where that one
 * hands it back, dies over it, or is silent for too long.
 */
export class SpoolTarget {
  readonly terms: TargetTerms;
  readonly #parts: TargetParts;
  readonly #line = new EntryLine();
  readonly #out = new Set<Entry>();
  readonly #delayed = new Map<Entry, CancelTimer>();
  readonly #members = new Map<string, Member>();
  #turn = 0;
  #cancelWake: CancelTimer | undefined;
  #isClosed = false;

  constructor(terms: TargetTerms, parts: TargetParts) {
    this.terms = terms;
    this.#parts = parts;
  }

  /** Entries that are not done with. */
  get size(): number {
    return this.#line.size + this.#out.size + this.#delayed.size;
  }

  get inFlight(): number {
    return this.#out.size;
  }

  add(entry: Entry): void {
    this.#line.push(entry);
    this.pump();
  }

  /** Who can be posted to from now on. */
  use(subscribers: readonly Subscriber[]): void {
    const ids = new Set(subscribers.map(({ id }) => id));
    for (const id of this.#members.keys()) if (!ids.has(id)) this.#members.delete(id);
    for (const subscriber of subscribers) {
      if (!this.#members.has(subscriber.id)) this.#members.set(subscriber.id, newMember(subscriber, this.#parts));
    }
    this.pump();
  }

  /** Posts what can be posted; called whenever that may have changed. */
  pump(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    while (!this.#isClosed && this.#line.size > 0) {
      if (this.terms.isOrdered && this.#out.size + this.#delayed.size > 0) return;
      const member = this.#nextMember();
      if (member === undefined) {
        this.#wakeLater();
        return;
      }
      const entry = this.#line.shift() as Entry;
      this.#out.add(entry);
      member.inFlight += 1;
      void this.#post(entry, member);
    }
  }

  /** Empties it, and gives what was not with a member. */
  abandon(): readonly Entry[] {
    this.close();
    return [...this.#line.take(), ...this.#delayed.keys()];
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelWake?.();
    for (const cancel of this.#delayed.values()) cancel();
  }

  async #post(entry: Entry, member: Member): Promise<void> {
    const { store, poster } = this.#parts;
    const stored = store.message(entry.message);
    const outcome: PostOutcome =
      stored === undefined
        ? { kind: 'taken' }
        : await poster.post(member.subscriber, {
            body: stored.body,
            headers: {
              [requestHeaders.time]: String(stored.timeMs),
              [requestHeaders.attempt]: String(entry.attempts + 1),
            },
            silenceMs: member.subscriber.tenon?.ackWaitMs ?? 30_000,
          });
    member.inFlight -= 1;
    this.#out.delete(entry);
    // Closed meanwhile: it is in the store, and comes again with the next start.
    if (!this.#isClosed || outcome.kind === 'taken') this.#settle(entry, member, outcome);
    this.pump();
    this.#parts.onPosted();
  }

  #settle(entry: Entry, member: Member, outcome: PostOutcome): void {
    switch (outcome.kind) {
      case 'taken':
        member.failures = 0;
        this.#parts.store.remove(entry);
        this.#parts.onDone();
        return;
      case 'again':
        member.failures = 0;
        this.#count(entry);
        this.#later(entry, outcome.delayMs);
        return;
      case 'lost':
        this.#count(entry);
        this.#rest(member);
        if (entry.attempts >= maxLost) this.#parts.giveUp(entry, this.terms, outcome.reason);
        else this.#line.putBack(entry);
        return;
      case 'failed':
        this.#count(entry);
        if (entry.attempts >= maxFailures) this.#parts.giveUp(entry, this.terms, outcome.reason);
        else this.#later(entry, backoffMs(entry.attempts, afterFailure));
        return;
      default:
        // It was not handed to a handler: no attempt.
        this.#rest(member);
        this.#line.putBack(entry);
    }
  }

  #count(entry: Entry): void {
    entry.attempts += 1;
    this.#parts.store.noteAttempts(entry);
  }

  #later(entry: Entry, delayMs: number): void {
    const again = (): void => {
      this.#delayed.delete(entry);
      this.#line.putBack(entry);
      this.pump();
    };
    this.#delayed.set(entry, this.#parts.clock.after(delayMs, again));
  }

  /** A member that took nothing is left alone for a while, the longer the more often. */
  #rest(member: Member): void {
    member.failures += 1;
    member.restsUntil = this.#parts.clock.now() + backoffMs(member.failures, afterRefusal);
  }

  #nextMember(): Member | undefined {
    const now = this.#parts.clock.now();
    const free = [...this.#members.values()].filter(
      ({ inFlight, window, restsUntil }) => inFlight < window && restsUntil <= now,
    );
    this.#turn = (this.#turn + 1) % 0x4000_0000;
    return free[this.#turn % free.length];
  }

  #wakeLater(): void {
    const now = this.#parts.clock.now();
    const rests = [...this.#members.values()].map(({ restsUntil }) => restsUntil).filter((until) => until > now);
    if (rests.length > 0) this.#cancelWake = this.#parts.clock.after(Math.min(...rests) - now, () => this.pump());
  }
}

interface Member {
  readonly subscriber: Subscriber;
  /** How many it gets at once. */
  readonly window: number;
  inFlight: number;
  failures: number;
  restsUntil: number;
}

function newMember(subscriber: Subscriber, { maxConnections }: TargetParts): Member {
  const { ordered = false, maxInFlight = 1 } = subscriber.tenon ?? {};
  const window = ordered ? 1 : Math.min(maxInFlight, maxConnections);
  return { subscriber, window, inFlight: 0, failures: 0, restsUntil: 0 };
}

/** A subscriber answers so only to what it cannot read at all. */
const maxFailures = 5;
/** A subscriber that answers gives up before: its `maxAttempts` is no higher. */
const maxLost = 1_000;
const afterFailure = Object.freeze({ baseMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.5 });
const afterRefusal = Object.freeze({ baseMs: 20, factor: 2, maxMs: 1_000, jitter: 0.5 });
