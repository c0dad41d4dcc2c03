import type { Clock, Logger } from '@tenon/contract';

/**
 * Says which peers were refused and why, at most once in 10 s for each reason: whoever floods a port must not flood its
 * log too. The next line says how many were left out.
 */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #reasons = new Map<string, { saidAt: number; unsaid: number }>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /**
   * @param what - a constant sentence.
   * @param cause - one of a bounded set, so that what is remembered of the reasons stays bounded too.
   */
  say(what: string, peer: string | undefined, cause: string): void {
    const now = this.#clock.now();
    const reason = `${what}: ${cause}`;
    const last = this.#reasons.get(reason);
    if (last !== undefined && now - last.saidAt < quietMs) {
      last.unsaid += 1;
      return;
    }
    const unsaid = last?.unsaid ?? 0;
    this.#reasons.set(reason, { saidAt: now, unsaid: 0 });
    this.#logger.warn(what, { peer, cause, ...(unsaid === 0 ? {} : { unsaid }) });
  }
}

const quietMs = 10_000;
