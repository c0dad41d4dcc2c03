import { type Clock, type Logger, ServiceError, type ServiceRecord } from '@tenon/contract';
import { backoffMs } from '@tenon/contract/authoring';
import type { Registration } from './registration.js';
import { untilTime, within } from './within.js';

/** What {@link Presence} works with. */
export interface PresenceParts {
  readonly registration: Registration;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ttlMs: number;
}

/**
 * Has a server's records in the registry while it wants to be there, and out of it while it does not. One change at a time,
 * the newest wish counts, and entering is tried again until it works or is not wanted any more.
 */
export class Presence {
  readonly #parts: PresenceParts;
  #records: readonly ServiceRecord[] = [];
  #wanted = false;
  #present = false;
  #changing: Promise<void> | undefined;
  #leaving: Promise<boolean> | undefined;
  /** Ends whatever is under way towards entering. */
  #giveUp = new AbortController();

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  /** Registers for the first time. Rejects with the first failure, having undone the rest. */
  async enter(records: readonly ServiceRecord[], signal: AbortSignal): Promise<void> {
    const { registration, ttlMs } = this.#parts;
    this.#records = records;
    this.#wanted = true;
    const entering = registration.add(records, ttlMs, signal);
    this.#changing = entering
      .catch(() => {})
      .finally(() => {
        this.#changing = undefined;
      });
    await entering;
    this.#present = true;
    if (this.#wanted) return;
    await registration.release();
    throw new ServiceError('Canceled', 'the server was closed while it registered', { executed: 'no' });
  }

  /** Says what is wanted from now on; what must be done happens by itself. */
  want(present: boolean): void {
    if (this.#records.length === 0) return;
    this.#wanted = present;
    if (!present) this.#giveUp.abort(new ServiceError('Canceled', 'the node is to leave', { executed: 'no' }));
    else if (this.#giveUp.signal.aborted) this.#giveUp = new AbortController();
    this.#changing ??= this.#change().finally(() => {
      this.#changing = undefined;
    });
  }

  /**
   * Leaves for good, waiting a moment for the registry to know. A registry that is away cannot be told: the entries then end
   * with their time to live. Resolves with whether it was told. Twice is once.
   */
  leave(): Promise<boolean> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #leave(): Promise<boolean> {
    this.want(false);
    this.#wanted = false;
    this.#records = [];
    const { registration, clock, logger } = this.#parts;
    const left = (async () => {
      await this.#changing;
      await registration.release();
    })();
    const isTold = await within(leaveMs, clock, left);
    if (!isTold) logger.warn('the registry did not answer in time; our entries end with their time to live');
    return isTold;
  }

  async #change(): Promise<void> {
    const { registration, clock, logger, ttlMs } = this.#parts;
    for (let failures = 0; this.#wanted !== this.#present; ) {
      if (!this.#wanted) {
        await registration.release();
        this.#present = false;
        continue;
      }
      const { signal } = this.#giveUp;
      try {
        await registration.add(this.#records, ttlMs, signal);
        this.#present = true;
      } catch (error) {
        failures += 1;
        if (failures === 1 && !signal.aborted) logger.warn('the node cannot return to the registry yet', { error });
        await untilTime(backoffMs(failures, backoff), clock, signal);
      }
    }
  }
}

/** How long leaving may keep the rest of a drain waiting. */
const leaveMs = 2_000;
const backoff = Object.freeze({ baseMs: 250, factor: 2, maxMs: 15_000, jitter: 0.5 });
