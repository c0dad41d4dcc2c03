import { type CancelTimer, type Clock, ServiceError } from '@tenon/contract';
import type { UnderWay, UnderWayEntry } from '@tenon/contract/authoring';

/** A call that a {@link SilenceWatch} may end. */
export interface WatchedCall<T> extends UnderWayEntry<T> {
  /** Whether it was handed to a wire. */
  readonly sent: boolean;
  /** Set by the watch, and cleared whenever something comes for the call. */
  silent: boolean;
  fail(error: ServiceError): void;
}

/** What a {@link SilenceWatch} looks at. */
export interface SilenceWatchParts<T extends WatchedCall<T>> {
  readonly clock: Clock;
  readonly underWay: UnderWay<T>;
  /** How long nothing may come before the peer is asked, and how long it may take to answer, in milliseconds. */
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
  readonly probe: (timeoutMs: number) => Promise<boolean>;
}

/**
 * Ends calls whose peer has vanished without a word, where the wire itself has no signs of life. Runs while calls are under
 * way, with one timer for all of them: two looks at half the time find whatever nothing has come for.
 */
export class SilenceWatch<T extends WatchedCall<T>> {
  readonly #parts: SilenceWatchParts<T>;
  #cancel: CancelTimer | undefined = undefined;
  #asking = false;

  constructor(parts: SilenceWatchParts<T>) {
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

  async #ask(silent: readonly T[]): Promise<void> {
    const { probe, pingTimeoutMs } = this.#parts;
    this.#asking = true;
    const alive = await probe(pingTimeoutMs);
    this.#asking = false;
    if (alive) return;
    const text = `the peer gave no sign of life within ${pingTimeoutMs} ms`;
    for (const call of silent) if (call.silent) call.fail(new ServiceError('Unavailable', text));
  }
}
