import { type Clock, type Histogram, type Logger, ServiceError } from '@tenon/contract';
import type { DrainMoment, DrainPlan, NamedHook } from './drain-plan.js';

/** What {@link DrainSteps} works with. */
export interface DrainStepsParts {
  readonly plan: DrainPlan | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long each step took. */
  readonly took: Histogram;
}

/** Takes the steps of leaving one after the other, each measured, logged, and followed by the app's hooks. */
export class DrainSteps {
  readonly #parts: DrainStepsParts;

  constructor(parts: DrainStepsParts) {
    this.#parts = parts;
  }

  /** Takes one step, then runs the hooks of the moment that it leads to. Never rejects: leaving goes on whatever fails. */
  async take(moment: DrainMoment, signal: AbortSignal, step: () => Promise<unknown> | unknown): Promise<void> {
    const { clock, logger, took } = this.#parts;
    const began = clock.now();
    try {
      await step();
    } catch (error) {
      logger.error('a step of draining failed', { step: moment, error });
    }
    const tookMs = clock.now() - began;
    took.record(tookMs, { step: moment });
    logger.debug('a step of draining is done', { step: moment, tookMs: Math.round(tookMs) });
    if (!signal.aborted) await this.#runHooks(moment, signal);
  }

  /** Side by side, so that one that hangs costs its own time only. */
  async #runHooks(moment: DrainMoment, signal: AbortSignal): Promise<void> {
    const hooks = this.#parts.plan?.hooksAt(moment) ?? [];
    await Promise.all(hooks.map((hook) => this.#runHook(moment, hook, signal)));
  }

  #runHook(moment: DrainMoment, { name, run }: NamedHook, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#parts;
    const limit = new AbortController();
    return new Promise((resolve) => {
      const cancelTimer = clock.after(hookTimeoutMs, () =>
        end(new ServiceError('DeadlineExceeded', `it took longer than ${hookTimeoutMs} ms`)),
      );
      const aborted = (): void => end(signal.reason);
      signal.addEventListener('abort', aborted, { once: true });
      const settle = (): void => {
        cancelTimer();
        signal.removeEventListener('abort', aborted);
        resolve();
      };
      const end = (reason: unknown): void => {
        limit.abort(reason);
        failed(reason);
      };
      let isOver = false;
      const failed = (error: unknown): void => {
        if (!isOver) logger.error('a drain hook failed; draining goes on', { hook: name, moment, error });
        isOver = true;
        settle();
      };
      Promise.resolve()
        .then(() => run(limit.signal))
        .then(() => {
          isOver = true;
          settle();
        }, failed);
    });
  }
}

/** As long as a single step of closing may take by default. */
const hookTimeoutMs = 5_000;
