import { type CancelTimer, type Clock, ServiceError } from '@tenon/contract';
import type { UnderWay } from '@tenon/contract/authoring';
import type { ClientCall } from './client-call.js';

/** What a {@link SilenceWatch} looks at. */
export interface SilenceWatchParts {
  readonly clock: Clock;
  readonly underWay: UnderWay<ClientCall>;
  /** How long nothing may come before the peer is asked, and how long it may take to answer, in milliseconds. */
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
  readonly probe: (timeoutMs: number) => Promise<boolean>;
}

/**
 * Ends calls whose peer has vanished without a word, where the wire itself has no signs of life. Runs while calls are under
 * way, with one timer for all of them: two looks at half the time find whatever nothing has come for.
 */
export class SilenceWatch {
  readonly #parts: SilenceWatchParts;
  #cancel: CancelTimer | undefined = undefined;
  #asking = false;

  constructor(parts: SilenceWatchParts) {
    this.#parts = parts;
  }

  /** A call is under way. */
  begin(): void {
    this.#cancel ??= this.#parts.clock.after(this.#parts.pingMs / 2, this.#look);
  }

  stop(): void {
    this.#cancel?.();
  }

  readonly #look = (): void => {
    this.#cancel = undefined;
    const calls = this.#parts.underWay.all();
    if (calls.length === 0) return;
    this.begin();
    const silent = calls.filter((call) => call.sent && call.silent);
    for (const call of calls) call.silent = call.sent;
    if (silent.length > 0 && !this.#asking) void this.#ask(silent);
  };

  async #ask(silent: readonly ClientCall[]): Promise<void> {
    const { probe, pingTimeoutMs } = this.#parts;
    this.#asking = true;
    const alive = await probe(pingTimeoutMs);
    this.#asking = false;
    if (alive) return;
    const text = `the peer gave no sign of life within ${pingTimeoutMs} ms`;
    for (const call of silent) if (call.silent) call.fail(new ServiceError('Unavailable', text));
  }
}
