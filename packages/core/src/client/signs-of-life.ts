import { type CancelTimer, type Clock, type Connection, type Logger, type Node, ServiceError } from '@tenon/contract';
import { runOutsideCalls } from '../context/call-context.js';
import { type Placed, RunningCalls } from '../server/running-calls.js';
import type { Telemetry } from '../telemetry/index.js';
import type { ResolvedSilence } from './silence-options.js';

/** An attempt of a unary call that waits for its answer. */
export interface PendingAttempt extends Placed {
  /** Its node gave no sign of life. Ends the attempt where that leads anywhere, else does nothing. */
  giveUp(error: ServiceError): void;
}

/**
 * Watches over connections with calls under way: where none is answered for a while it asks the peer for a sign of life, and
 * where none comes the node counts as silent until one does.
 *
 * One timer for all connections, which runs while any of them has a call under way or is silent.
 */
export class SignsOfLife {
  readonly #watched = new Set<Pulse>();
  #cancelTimer: CancelTimer | undefined;

  constructor(
    readonly options: ResolvedSilence,
    readonly clock: Clock,
    readonly telemetry: Telemetry,
    readonly logger: Logger,
  ) {}

  /** The pulse of a connection; undefined where its wire has no signs of life. */
  of(connection: Connection, node: Node, service: string): Pulse | undefined {
    return connection.probe === undefined ? undefined : new Pulse(connection, node, service, this);
  }

  watch(pulse: Pulse): void {
    pulse.watched = true;
    this.#watched.add(pulse);
    // The timer serves all calls, not the one that happens to be made first.
    if (this.#cancelTimer === undefined) runOutsideCalls(() => this.#schedule());
  }

  forget(pulse: Pulse): void {
    pulse.watched = false;
    this.#watched.delete(pulse);
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#watched.clear();
  }

  #schedule(): void {
    this.#cancelTimer = this.clock.after(this.options.afterMs / looksPerSilence, () => {
      this.#cancelTimer = undefined;
      const now = this.clock.now();
      for (const pulse of this.#watched) {
        if (pulse.needsWatching) pulse.look(now);
        else this.forget(pulse);
      }
      if (this.#watched.size > 0) this.#schedule();
    });
  }
}

/** The signs of life on one connection. */
export class Pulse {
  readonly #attempts = new RunningCalls<PendingAttempt>();
  readonly #connection: Connection;
  readonly #node: Node;
  readonly #service: string;
  readonly #all: SignsOfLife;
  #signAt = 0;
  #asking = false;
  #silent = false;
  /** Belongs to {@link SignsOfLife}. */
  watched = false;

  constructor(connection: Connection, node: Node, service: string, all: SignsOfLife) {
    this.#connection = connection;
    this.#node = node;
    this.#service = service;
    this.#all = all;
  }

  /** Whether the peer did not answer when it was asked last, and has said nothing since. */
  get silent(): boolean {
    return this.#silent;
  }

  get needsWatching(): boolean {
    return this.#attempts.size > 0 || (this.#silent && this.#connection.ended !== true);
  }

  /** A call is on its way to the peer. @param now - in milliseconds of `Clock.now()`. */
  sent(attempt: PendingAttempt, now: number): void {
    if (this.#attempts.size === 0) {
      // Nothing was to be expected of the peer before.
      this.#signAt = now;
      if (!this.watched) this.#all.watch(this);
    }
    this.#attempts.add(attempt);
  }

  /** A call has ended on this side. */
  left(attempt: PendingAttempt): void {
    if (attempt.place >= 0) this.#attempts.remove(attempt);
  }

  /** The peer has said something. */
  sign(at: number): void {
    if (at > this.#signAt) this.#signAt = at;
    if (this.#silent) this.#heardAgain();
  }

  /** Nobody uses the connection any more. */
  forget(): void {
    this.#silent = false;
    this.#all.forget(this);
  }

  /** Asks the peer where it has been quiet for too long. */
  look(now: number): void {
    const { afterMs, timeoutMs } = this.#all.options;
    if (this.#asking || now - this.#signAt < afterMs) return;
    this.#asking = true;
    const ask = async (): Promise<boolean> => (await this.#connection.probe?.(timeoutMs)) ?? true;
    ask().then(
      (isAlive) => this.#told(isAlive, now),
      () => this.#told(false, now),
    );
  }

  #told(isAlive: boolean, askedAt: number): void {
    this.#asking = false;
    // The answer to a call says as much as the answer to a probe.
    if (isAlive || this.#signAt > askedAt) this.sign(this.#all.clock.now());
    else if (!this.#silent && this.#connection.ended !== true) this.#fellSilent();
  }

  #fellSilent(): void {
    this.#silent = true;
    const { id: node, address } = this.#node;
    const service = this.#service;
    this.#all.telemetry.silences.add(1, { service, node });
    const pending = this.#attempts.all();
    const facts = { service, node, address, pending: pending.length };
    this.#all.logger.warn('a connected node gives no sign of life', facts);
    const why = `node "${node}" at ${address} gives no sign of life`;
    const error = new ServiceError('Unavailable', why, { executed: 'maybe', node });
    for (const attempt of pending) attempt.giveUp(error);
  }

  #heardAgain(): void {
    this.#silent = false;
    const { id: node, address } = this.#node;
    this.#all.logger.info('a node that was silent answers again', { service: this.#service, node, address });
  }
}

/** How often a connection is looked at within the time after which it is asked. */
const looksPerSilence = 3;
