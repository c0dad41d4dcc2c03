import { type CancelTimer, type Clock, ServiceError } from '@tenon/contract';
import { canceled } from '@tenon/contract/authoring';
import type { Packet } from './scripts/publish.js';

/** How much the outbox holds, for how long, and whether it may send anything twice. */
export interface OutboxLimits {
  readonly maxPendingBytes: number;
  readonly maxPendingMs: number;
  /** Sends again what no answer came for, by an id that the server knows it by. Without it such a message is given up. */
  readonly repeats: boolean;
}

/** Sends one message, and resolves with the server's word. Rejects with `ServiceError`s. */
export type Send = (packet: Packet) => Promise<void>;

/**
 * What is on its way to the server: written in order, at most {@link windowBytes} ahead of the server's word; the rest, and all while there
 * is no connection, waits within bounds. So memory stays bounded with a server that stopped reading, and no message is lost unnoticed.
 */
export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #clock: Clock;
  /** In the order of publishing, as are those that were sent. */
  #waiting = new Set<Pending>();
  readonly #sent = new Set<Pending>();
  #next = 0;
  #pendingBytes = 0;
  #sentBytes = 0;
  #send: Send | undefined;
  #cancelSweep: CancelTimer | undefined;
  #cancelHold: CancelTimer | undefined;
  #idle: (() => void)[] = [];
  #isClosed = false;

  constructor(limits: OutboxLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Bytes that the server has not confirmed, with 256 more for each message. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * Resolves when the server has the message. Rejects with `ResourceExhausted` where nothing more may wait, here or there; `Unavailable`
   * when it waited too long, `executed: 'maybe'` where it had been sent; `Canceled` on abort.
   */
  async publish(packet: Packet, signal?: AbortSignal): Promise<void> {
    if (this.#isClosed) throw ended('no');
    const bytes = packet.bytes + bookkeepingBytes;
    this.#checkRoom(bytes);
    return new Promise((resolve, reject) => {
      const expiresAt = this.#clock.now() + this.#limits.maxPendingMs;
      const order = this.#next++;
      const pending: Pending = { packet, bytes, order, expiresAt, resolve, reject, wasSent: false, forget: () => {} };
      if (signal !== undefined) {
        const onAbort = (): void => {
          if (this.#settle(pending)) reject(canceled(signal, pending.wasSent ? 'maybe' : 'no'));
        };
        signal.addEventListener('abort', onAbort, { once: true });
        pending.forget = () => signal.removeEventListener('abort', onAbort);
      }
      this.#waiting.add(pending);
      this.#pendingBytes += bytes;
      this.#pump();
      this.#armSweep();
    });
  }

  /** Sends over a new connection from now on, once `holdMs` have passed. */
  connected(send: Send, holdMs: number): void {
    if (this.#isClosed) return;
    this.#send = send;
    if (holdMs > 0) this.#holdFor(holdMs);
    else this.#pump();
  }

  /** Stops sending. What was under way is sent again with the next connection, or given up, as `repeats` says. */
  disconnected(): void {
    this.#send = undefined;
    this.#cancelHold?.();
    this.#cancelHold = undefined;
    const underWay = [...this.#sent];
    if (this.#limits.repeats) this.#putBack(underWay);
    else for (const pending of underWay) if (this.#settle(pending)) pending.reject(lost());
  }

  /** Resolves when nothing waits for the server's word any more. */
  flushed(): Promise<void> {
    if (this.#isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Rejects what is not confirmed with `Unavailable` and takes nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelHold?.();
    for (const pending of [...this.#sent, ...this.#waiting]) {
      if (this.#settle(pending)) pending.reject(ended(pending.wasSent ? 'maybe' : 'no'));
    }
  }

  get #isIdle(): boolean {
    return this.#waiting.size === 0 && this.#sent.size === 0;
  }

  #checkRoom(bytes: number): void {
    const { maxPendingBytes } = this.#limits;
    if (this.#pendingBytes + bytes <= maxPendingBytes || this.#isIdle) return;
    throw new ServiceError(
      'ResourceExhausted',
      `${this.#pendingBytes} bytes wait to be published already; maxPendingBytes is ${maxPendingBytes}`,
      { executed: 'no' },
    );
  }

  #pump(): void {
    for (const pending of this.#waiting) {
      const send = this.#send;
      if (send === undefined || this.#cancelHold !== undefined) return;
      if (this.#sent.size > 0 && this.#sentBytes + pending.bytes > windowBytes) return;
      this.#waiting.delete(pending);
      this.#sent.add(pending);
      this.#sentBytes += pending.bytes;
      pending.wasSent = true;
      send(pending.packet).then(
        () => {
          if (this.#settle(pending)) pending.resolve();
          this.#pump();
        },
        (thrown: unknown) => this.#failed(pending, ServiceError.from(thrown), send),
      );
    }
  }

  /** What passes by itself is tried again, until its time is over. */
  #failed(pending: Pending, error: ServiceError, send: Send): void {
    // Of a connection before this one: what is to become of it was settled with that.
    if (this.#send !== send || !this.#sent.has(pending)) return;
    const isRefused = error.executed === 'no';
    if (isRefused) pending.wasSent = false;
    if (error.code === 'Unavailable' && (isRefused || this.#limits.repeats)) {
      pending.failure = error;
      this.#putBack([pending]);
      this.#holdFor(retryMs);
      return;
    }
    if (this.#settle(pending)) pending.reject(error);
    this.#pump();
  }

  /** Among those that wait, in the order of publishing. */
  #putBack(underWay: readonly Pending[]): void {
    for (const pending of underWay) {
      this.#sent.delete(pending);
      this.#sentBytes -= pending.bytes;
    }
    const waiting = [...underWay, ...this.#waiting];
    this.#waiting = new Set(waiting.sort((left, right) => left.order - right.order));
  }

  #holdFor(delayMs: number): void {
    this.#cancelHold ??= this.#clock.after(delayMs, () => {
      this.#cancelHold = undefined;
      this.#pump();
    });
  }

  /** Takes it out, and says whether it was still in. */
  #settle(pending: Pending): boolean {
    const wasSent = this.#sent.delete(pending);
    if (wasSent) this.#sentBytes -= pending.bytes;
    else if (!this.#waiting.delete(pending)) return false;
    pending.forget();
    this.#pendingBytes -= pending.bytes;
    if (this.#isIdle) {
      this.#cancelSweep?.();
      this.#cancelSweep = undefined;
      for (const resolve of this.#idle.splice(0)) resolve();
    }
    return true;
  }

  /** All wait equally long, so the first to come is the first to go, and one timer does. */
  #armSweep(): void {
    if (this.#isIdle || this.#cancelSweep !== undefined || this.#limits.maxPendingMs === Number.POSITIVE_INFINITY)
      return;
    const [first] = this.#sent.size > 0 ? this.#sent : this.#waiting;
    const delayMs = Math.max(0, (first?.expiresAt ?? 0) - this.#clock.now());
    this.#cancelSweep = this.#clock.after(delayMs, () => {
      this.#cancelSweep = undefined;
      const now = this.#clock.now();
      for (const pending of [...this.#sent, ...this.#waiting]) {
        if (pending.expiresAt <= now && this.#settle(pending)) pending.reject(this.#tooLate(pending));
      }
      this.#pump();
      this.#armSweep();
    });
  }

  #tooLate({ wasSent, failure }: Pending): ServiceError {
    const why = this.#send === undefined ? 'Redis is away' : (failure?.rawMessage ?? 'Redis does not answer');
    return new ServiceError(
      'Unavailable',
      `${why}: the message waited for ${this.#limits.maxPendingMs} ms and was not confirmed`,
      { executed: wasSent ? 'maybe' : 'no' },
    );
  }
}

/** A message without the server's word. */
interface Pending {
  readonly packet: Packet;
  readonly bytes: number;
  /** Which came first. */
  readonly order: number;
  readonly expiresAt: number;
  readonly resolve: () => void;
  readonly reject: (failure: unknown) => void;
  /** Whether the server may have it. */
  wasSent: boolean;
  failure?: ServiceError;
  forget: () => void;
}

function lost(): ServiceError {
  return new ServiceError('Unavailable', 'the connection to Redis was lost before it confirmed the message', {
    executed: 'maybe',
  });
}

function ended(executed: 'no' | 'maybe'): ServiceError {
  return new ServiceError('Unavailable', 'the Redis broker was closed before the message was confirmed', { executed });
}

/** Enough for 1 GB/s over a round trip of 1 ms, and little enough for the socket's own buffers. */
const windowBytes = 1_024 ** 2;
/** What a pending message takes beside its bytes, so that empty ones are bounded too. */
const bookkeepingBytes = 256;
/** A server that loads its data, or is a replica for a moment, is asked again so soon. */
const retryMs = 250;
