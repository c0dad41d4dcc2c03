import { type CancelTimer, type Clock, type Logger, type Priority, ServiceError } from '@tenon/contract';
import { runOutsideCalls } from '../context/call-context.js';
import type { Telemetry } from '../telemetry/index.js';

/** Why a call was turned away. */
export type ShedReason = 'queue_full' | 'queue_delay' | 'draining' | 'bulkhead' | 'rate_limit';

/** Whose call was turned away: the names of a route, never those that a caller made up. */
export interface ShedCall {
  readonly service: string;
  readonly endpoint: string;
}

/** Makes the errors of calls that are turned away, and tells of them: each one to the meter, their beginning and end to the log. */
export class Shedding {
  readonly #telemetry: Telemetry;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #since: number | undefined;
  #last = 0;
  #counts: Record<string, number> = {};
  #cancelTimer: CancelTimer | undefined;

  constructor(telemetry: Telemetry, clock: Clock, logger: Logger) {
    this.#telemetry = telemetry;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The error for a call that is turned away now. */
  shed(
    call: ShedCall,
    reason: 'queue_full' | 'queue_delay',
    priority: Priority,
    why: string,
    now: number,
  ): ServiceError {
    const { service, endpoint } = call;
    this.#telemetry.shed.add(1, { service, endpoint, reason, priority });
    this.#last = now;
    this.#counts[reason] = (this.#counts[reason] ?? 0) + 1;
    if (this.#since === undefined) this.#begin(why, now);
    return ServiceError.refusal('ResourceExhausted', `the server has too much to do: ${why}`, {
      executed: 'no',
      refusal: 'overloaded',
    });
  }

  close(): void {
    this.#cancelTimer?.();
    if (this.#since !== undefined) this.#end();
  }

  #begin(why: string, now: number): void {
    this.#since = now;
    runOutsideCalls(() => {
      this.#logger.warn('the server has too much to do and turns calls away', { first: why });
      this.#watch();
    });
  }

  #watch(): void {
    this.#cancelTimer = this.#clock.after(quietMs, () => {
      if (this.#clock.now() - this.#last < quietMs) this.#watch();
      else this.#end();
    });
  }

  #end(): void {
    const turnedAway = this.#counts;
    const lastedMs = Math.round(this.#last - (this.#since ?? this.#last));
    this.#since = undefined;
    this.#counts = {};
    this.#logger.warn('the server turns no calls away any more', { ...turnedAway, lastedMs });
  }
}

/** Shedding is over when nothing was turned away for so long. */
const quietMs = 1_000;
