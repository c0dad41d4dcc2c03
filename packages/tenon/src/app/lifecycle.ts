import { type Clock, type Logger, ServiceError } from '@tenon/contract';
import { backoffMs } from '@tenon/contract/authoring';
import type { Participant } from '../di/participant.js';
import { withDeadline } from './with-deadline.js';

export interface LifecycleOptions {
  readonly failFast: boolean;
  readonly startTimeoutMs: number;
  readonly closeTimeoutMs: number;
  /** What a person does about a missing back end, by seam. */
  readonly advice: (participant: Participant) => string | undefined;
}

/**
 * Runs the lives of an app's objects: starts them in order, drains and closes them in reverse. Each step has a deadline
 * and is named where it fails.
 */
export class LifecycleRunner {
  readonly #started: Participant[] = [];

  constructor(
    private readonly participants: () => readonly Participant[],
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly options: LifecycleOptions,
  ) {}

  /** Starts everyone. Rejects with the first failure, or the signal's reason; the caller closes what had started. */
  async start(signal: AbortSignal): Promise<void> {
    await keptAlive(async () => {
      for (const wave of waves(this.participants())) {
        this.#started.push(...wave);
        await this.#startTogether(wave, signal);
      }
    });
  }

  /** The first that fails ends the others' waiting too, and is what counts. */
  async #startTogether(wave: readonly Participant[], signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const starting = wave.map((participant) =>
      this.#startOne(participant, either).catch((thrown) => {
        failed.abort(thrown);
        throw failed.signal.reason;
      }),
    );
    const settled = await Promise.allSettled(starting);
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
  }

  /** Drains in reverse. `signal` ends the waiting for what is in hand. Failures are logged and returned. */
  async drain(signal: AbortSignal): Promise<readonly ServiceError[]> {
    const failures: ServiceError[] = [];
    await keptAlive(async () => {
      for (const participant of [...this.#started].reverse()) {
        try {
          await participant.drain?.(signal);
        } catch (thrown) {
          failures.push(this.#failed(`draining ${participant.name}`, thrown));
        }
      }
    });
    return failures;
  }

  /** Closes everyone who was started or made, in reverse, whatever fails. Failures are logged and returned. */
  async close(): Promise<readonly ServiceError[]> {
    const failures: ServiceError[] = [];
    for (const { name, close } of [...this.participants()].reverse()) {
      if (close === undefined) continue;
      const step = `closing ${name}`;
      await withDeadline(step, this.options.closeTimeoutMs, this.clock, undefined, close).catch((thrown) => {
        failures.push(this.#failed(step, thrown));
      });
    }
    this.#started.length = 0;
    return failures;
  }

  /** Starts one, and where its back end cannot be reached waits for it, saying so at once and then once a minute. */
  async #startOne(participant: Participant, signal: AbortSignal): Promise<void> {
    const { start } = participant;
    if (start === undefined) return;
    const step = `starting ${participant.name}`;
    let saidAt = Number.NEGATIVE_INFINITY;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await withDeadline(step, this.options.startTimeoutMs, this.clock, signal, start);
        if (attempt > 1) this.logger.info('a back end answers now', { provider: participant.name });
        return;
      } catch (thrown) {
        const error = ServiceError.from(thrown, { executed: 'no' });
        const advice = this.options.advice(participant);
        if (signal.aborted || this.options.failFast || error.code !== 'Unavailable')
          throw startFailed(step, error, advice);
        if (this.clock.now() - saidAt >= sayEveryMs) {
          saidAt = this.clock.now();
          this.logger.warn(
            `${participant.name} is not there yet; starting waits for it${advice === undefined ? '' : `. To go on, ${advice}`}`,
            {
              error: error.rawMessage,
            },
          );
        }
      }
      await this.#pause(backoffMs(attempt, startBackoff), signal);
    }
  }

  #pause(waitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancelTimer();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancelTimer = this.clock.after(waitMs, done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #failed(step: string, thrown: unknown): ServiceError {
    const error = ServiceError.from(thrown);
    this.logger.error(`${step} failed`, { error });
    return error;
  }
}

/** Those that start together: neighbours that need nobody; anyone else alone. */
function waves(participants: readonly Participant[]): readonly (readonly Participant[])[] {
  const together: Participant[][] = [];
  for (const participant of participants) {
    const last = together.at(-1);
    const joins = participant.start === undefined || participant.independent;
    if (joins && last?.every((other) => other.start === undefined || other.independent)) last.push(participant);
    else together.push([participant]);
  }
  return together;
}

function startFailed(step: string, error: ServiceError, advice: string | undefined): ServiceError {
  return new ServiceError(
    error.code,
    `${step} failed: ${error.rawMessage}${advice === undefined ? '' : `; ${advice}`}`,
    {
      executed: 'no',
      details: error.details,
      cause: error,
    },
  );
}

const sayEveryMs = 60_000;
/** Quick at first, because a fleet that starts together is complete within seconds; never more than ten attempts in a minute. */
const startBackoff = Object.freeze({ baseMs: 800, factor: 1.8, maxMs: 20_000, jitter: 1 / 3 });

/** The clock's timers keep no process alive, and while something is waited for there may be nothing else that does. */
async function keptAlive(work: () => Promise<void>): Promise<void> {
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    await work();
  } finally {
    clearInterval(alive);
  }
}
