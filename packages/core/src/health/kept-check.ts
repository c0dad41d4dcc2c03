import { type Clock, type Gauge, type HealthCheck, type Logger, ServiceError } from '@tenon/contract';
import type { CheckReport } from './health-report.js';

/** What all {@link KeptCheck}s of a process share. */
export interface KeptCheckParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly gauge: Gauge;
  readonly timeoutMs: number;
}

/**
 * One health check with its newest result. However many ask, it runs once at a time and within its time; one that does not
 * come back has failed, and is not begun again until it does.
 */
export class KeptCheck {
  readonly #check: HealthCheck;
  readonly #parts: KeptCheckParts;
  /** The run that has not ended yet, and its result once its time is over. */
  #running: Promise<void> | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #newest: CheckReport;

  constructor(check: HealthCheck, parts: KeptCheckParts) {
    this.#check = check;
    this.#parts = parts;
    this.#newest = Object.freeze({ name: check.name, scope: check.scope, status: 'up' });
  }

  /** The newest result. */
  get newest(): CheckReport {
    return this.#newest;
  }

  /** A result no older than this, in milliseconds. At once where there is one, or where the check takes no time. */
  result(maxAgeMs: number): CheckReport | Promise<CheckReport> {
    if (this.#parts.clock.now() - this.#checkedAt < maxAgeMs) return this.#newest;
    this.#running ??= this.#run();
    return this.#running === undefined ? this.#newest : this.#running.then(() => this.#newest);
  }

  /** Undefined where it ended at once. */
  #run(): Promise<void> | undefined {
    const limit = new AbortController();
    let pending: Promise<void> | void;
    try {
      pending = this.#check.check(limit.signal);
    } catch (thrown) {
      this.#become(thrown);
      return undefined;
    }
    if (!(pending instanceof Promise)) {
      this.#become(undefined);
      return undefined;
    }
    return this.#withinLimit(pending, limit);
  }

  #withinLimit(pending: Promise<void>, limit: AbortController): Promise<void> {
    const { clock, timeoutMs } = this.#parts;
    return new Promise((resolve) => {
      let isLate = false;
      const cancelTimer = clock.after(timeoutMs, () => {
        isLate = true;
        const late = new ServiceError('DeadlineExceeded', `the check took longer than ${timeoutMs} ms`);
        limit.abort(late);
        this.#become(late);
        resolve();
      });
      const ended = (failure: unknown): void => {
        cancelTimer();
        this.#running = undefined;
        // Whoever asked has had its answer; the next one who asks begins anew.
        if (!isLate) this.#become(failure);
        resolve();
      };
      pending.then(
        () => ended(undefined),
        (thrown: unknown) => ended(thrown ?? new ServiceError('Unknown', 'the check failed and does not say why')),
      );
    });
  }

  #become(failure: unknown): void {
    const { clock, logger, gauge } = this.#parts;
    const { name, scope } = this.#check;
    const before = this.#newest.status;
    this.#checkedAt = clock.now();
    if (failure === undefined) this.#newest = Object.freeze({ name, scope, status: 'up' });
    else this.#newest = Object.freeze({ name, scope, status: 'down', error: ServiceError.from(failure).rawMessage });
    gauge.set(failure === undefined ? 1 : 0, { check: name, scope });
    if (before === this.#newest.status) return;
    if (failure === undefined) logger.info('a health check passes again', { check: name, scope });
    else logger.warn('a health check fails', { check: name, scope, error: failure });
  }
}
