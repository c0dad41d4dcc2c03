import { type Clock, type Counter, type Reply, ServiceError } from '@tenon/contract';
import type { ResolvedIdempotencyOptions } from './idempotency-options.js';

/** A call with an idempotency key. */
export interface KeyedCall {
  readonly service: string;
  readonly endpoint: string;
  /** As the caller made it up. */
  readonly key: string;
  /** Who the caller has proved to be, where it has. */
  readonly identity: string | undefined;
  /** Runs it. */
  run(): Reply | Promise<Reply>;
  /** What its caller is told about something that running it threw. */
  judge(thrown: unknown): ServiceError;
  /** It shares the outcome of a run that began before. */
  joins(): void;
}

/** What a run came to. */
interface Kept {
  readonly outcome: Promise<Reply>;
  readonly expiresAt: number;
}

/**
 * Runs each call with an idempotency key once, and gives whoever repeats it the outcome of the first run: the same reply, or the
 * same error. Repetitions that come while it runs wait for it.
 *
 * Keys are told apart by service, endpoint and proved identity. Requests are not compared: a key stands for one effect, and
 * whoever uses it for two gets the reply of the first. A run that failed with `executed: 'no'` has had no effect: it is forgotten,
 * and one of those who wait for it runs instead. What runs is never forgotten: where as many run as may be kept, further keys
 * are refused.
 */
export class KeptOutcomes {
  readonly #options: ResolvedIdempotencyOptions;
  readonly #clock: Clock;
  readonly #replays: Counter;
  readonly #running = new Map<string, Promise<Reply>>();
  /** In the order in which they ended, which is that in which they expire. */
  readonly #kept = new Map<string, Kept>();

  constructor(options: ResolvedIdempotencyOptions, clock: Clock, replays: Counter) {
    this.#options = options;
    this.#clock = clock;
    this.#replays = replays;
  }

  /** How many there are, those that run included. */
  get size(): number {
    return this.#running.size + this.#kept.size;
  }

  /**
   * The outcome of the first run of a key: that of this call, where nobody ran it before.
   *
   * Rejects with `InvalidArgument`, `executed: 'no'`, for a key that is none, and with `ResourceExhausted` where as many calls with
   * keys run as may be kept.
   */
  async once(call: KeyedCall): Promise<Reply> {
    const { service, endpoint, key, identity } = call;
    if (!visibleAscii.test(key)) {
      const text = 'an idempotency key must be 1 to 128 visible ASCII characters';
      throw ServiceError.refusal('InvalidArgument', text, { executed: 'no' });
    }
    const name = `${service}\n${endpoint}\n${key}\n${identity ?? ''}`;
    for (;;) {
      this.#forgetExpired();
      const outcome = this.#running.get(name) ?? this.#kept.get(name)?.outcome;
      if (outcome === undefined) return this.#begin(name, call);
      call.joins();
      try {
        const reply = await outcome;
        this.#replays.add(1, { service, endpoint });
        return reply;
      } catch (thrown) {
        if (ServiceError.from(thrown).executed === 'no') continue;
        this.#replays.add(1, { service, endpoint });
        throw thrown;
      }
    }
  }

  #begin(name: string, call: KeyedCall): Promise<Reply> {
    this.#makeRoom();
    const outcome = this.#run(name, call);
    this.#running.set(name, outcome);
    return outcome;
  }

  async #run(name: string, call: KeyedCall): Promise<Reply> {
    // Begins once it stands among those that run, so that it is found there however soon it is over.
    await undefined;
    try {
      const reply = await call.run();
      this.#ended(name, true);
      return reply;
    } catch (thrown) {
      const error = call.judge(thrown);
      this.#ended(name, error.executed !== 'no');
      throw error;
    }
  }

  #ended(name: string, lasts: boolean): void {
    const outcome = this.#running.get(name) as Promise<Reply>;
    this.#running.delete(name);
    if (lasts) this.#kept.set(name, { outcome, expiresAt: this.#clock.now() + this.#options.windowMs });
  }

  #forgetExpired(): void {
    const now = this.#clock.now();
    for (const [name, { expiresAt }] of this.#kept) {
      if (expiresAt > now) return;
      this.#kept.delete(name);
    }
  }

  #makeRoom(): void {
    const { maxEntries } = this.#options;
    if (this.size < maxEntries) return;
    for (const name of this.#kept.keys()) {
      this.#kept.delete(name);
      return;
    }
    const text = `${maxEntries} calls with idempotency keys run already, as many as server.idempotency.maxEntries says`;
    throw ServiceError.refusal('ResourceExhausted', text, { executed: 'no', refusal: 'overloaded' });
  }
}

const visibleAscii = /^[\x21-\x7e]{1,128}$/;
