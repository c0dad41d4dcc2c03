import type { Clock } from '../../clock.js';
import type { Logger } from '../../logger.js';
import type { Lease, LeaseState } from '../../registry.js';
import { ServiceError } from '../../service-error.js';
import { type BackoffOptions, backoffMs } from '../backoff.js';
import { Pause } from '../pause.js';
import { LeaseHandle } from './lease-handle.js';

/** Where one entry is kept, by a back end that is asked. Every method ends within a time of its own, and rejects where that fails. */
export interface EntryHome {
  /** Puts the entry in, whole, whatever stands in its place. */
  put(): Promise<void>;
  /** Renews it. Resolves with false where the back end has it no longer. */
  renew(): Promise<boolean>;
  /** Takes it out. */
  remove(): Promise<void>;
  /** Another entry stands in its place from now on: it is not removed, and must say nothing of itself any more. */
  replaced?(): void;
  /**
   * Sets right what a late write of the entry that it took the place of may have left. Absent where a renewal does that too: the next one then
   * comes at once.
   */
  restore?(): Promise<void>;
}

/** What an entry is kept with. */
export interface KeptEntryOptions {
  readonly home: EntryHome;
  /** For logs and reasons: `greeter-3f2a… of greeter`. */
  readonly name: string;
  readonly ttlMs: number;
  /** Default: each third of `ttlMs`. */
  readonly renewEveryMs?: number;
  readonly backoff: BackoffOptions;
  /** A release waits so long for the back end to hear of it. */
  readonly releaseTimeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called once, when it was released and everything has ended. */
  readonly onReleased: () => void;
}

/**
 * One entry of ours and the lease on it, for back ends that are told again and again: it is renewed each third of its time to live,
 * put again where it is gone, and lost where it was neither for the whole of that time. Attempts that fail come back with a
 * backoff; renewals and removals of one entry never overlap.
 */
export class KeptEntry implements Lease {
  readonly #options: KeptEntryOptions;
  readonly #handle: LeaseHandle;
  readonly #pause: Pause;
  #renewedAt: number;
  #running: Promise<void> = Promise.resolve();
  #hurried = false;
  #isReplaced = false;

  constructor(options: KeptEntryOptions) {
    this.#options = options;
    this.#handle = new LeaseHandle(() => this.#remove());
    this.#pause = new Pause(options.clock);
    this.#renewedAt = options.clock.now();
  }

  get state(): LeaseState {
    return this.#handle.state;
  }

  onChange(listener: Parameters<Lease['onChange']>[0]): () => void {
    return this.#handle.onChange(listener);
  }

  release(): Promise<void> {
    return this.#handle.release();
  }

  /** Puts the entry in for the first time and keeps it from then on. Rejects where that fails; nothing is kept then. */
  async begin(): Promise<void> {
    const askedAt = this.#options.clock.now();
    const first = this.#options.home.put();
    this.#running = first.catch(() => {});
    await first;
    this.#renewedAt = askedAt;
    if (this.state !== 'released') this.#running = this.#keep();
  }

  /** Releases it without taking the entry out, which is somebody else's now. Resolves when nothing of it is under way any more. */
  replaced(): Promise<void> {
    this.#isReplaced = true;
    this.#options.home.replaced?.();
    return this.release();
  }

  /** Renews it now: something has changed, such as a connection that is back. */
  hurry(): void {
    this.#hurried = true;
    this.#pause.wake();
  }

  async #keep(): Promise<void> {
    const { clock, ttlMs, renewEveryMs = ttlMs / 3, backoff } = this.#options;
    for (let failures = 0; !this.#isReleased; ) {
      const dueMs = failures === 0 ? this.#renewedAt + renewEveryMs - clock.now() : backoffMs(failures, backoff);
      // A look in between notices that the time to live has passed.
      const endsMs = this.#renewedAt + ttlMs - clock.now();
      if (!this.#hurried) await this.#pause.for(Math.max(0, this.state === 'held' ? Math.min(dueMs, endsMs) : dueMs));
      this.#hurried = false;
      if (this.#isReleased) return;
      failures = (await this.#renew()) ? 0 : failures + 1;
    }
  }

  get #isReleased(): boolean {
    return this.state === 'released';
  }

  /** Whether the entry stands afterwards. */
  async #renew(): Promise<boolean> {
    const { home, name, ttlMs, clock, logger } = this.#options;
    const askedAt = clock.now();
    try {
      if (!(await home.renew())) {
        if (this.#isReleased) return true;
        this.#handle.lost(unavailable(`the registry no longer has ${name}`));
        // A listener may have answered the loss by releasing.
        if (this.#isReleased) return true;
        await home.put();
        logger.info('an entry was registered again', { entry: name });
      }
      this.#renewedAt = askedAt;
      this.#handle.confirmed();
      return true;
    } catch (thrown) {
      if (this.state === 'held') logger.debug('an entry could not be renewed', { entry: name, error: thrown });
      if (clock.now() - this.#renewedAt >= ttlMs) {
        this.#handle.lost(unavailable(`${name} could not be renewed for ${ttlMs} ms`, thrown));
      }
      return false;
    }
  }

  async #remove(): Promise<void> {
    const { home, name, releaseTimeoutMs, clock, logger, onReleased } = this.#options;
    this.#pause.wake();
    const bound = new Pause(clock);
    const told = this.#running
      .then(() => (this.#isReplaced ? undefined : home.remove()))
      .catch((error: unknown) => {
        logger.warn('an entry could not be removed and ends with its time to live', { entry: name, error });
      })
      .finally(() => {
        bound.wake();
        onReleased();
      });
    await Promise.race([told, bound.for(releaseTimeoutMs)]);
    bound.wake();
  }
}

function unavailable(message: string, cause?: unknown): ServiceError {
  return new ServiceError('Unavailable', message, { executed: 'no', cause });
}
