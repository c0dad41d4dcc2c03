import type { Clock, Logger, Peer, ServiceError } from '@tenon/contract';

/** Says that peers broke the protocol: at most one line a second, however many do. */
export class ViolationLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  #saidAt = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** A connection has ended, for whatever reason. */
  ended(peer: Peer, reason: ServiceError): void {
    if (reason.code === 'Unavailable' && !reason.rawMessage.startsWith('the peer broke')) return;
    const now = this.#clock.now();
    if (now - this.#saidAt < intervalMs) {
      this.#unsaid += 1;
      return;
    }
    this.#logger.warn('a connection was refused', {
      peer: peer.address,
      reason: reason.rawMessage,
      unsaid: this.#unsaid,
    });
    this.#saidAt = now;
    this.#unsaid = 0;
  }
}

const intervalMs = 1_000;
