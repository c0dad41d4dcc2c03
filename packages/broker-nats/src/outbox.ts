import type { NatsConnection } from '@nats-io/transport-node';
import { type CancelTimer, type Clock, type Message, ServiceError } from '@tenon/contract';
import { canceled } from '@tenon/contract/authoring';
import { natsError } from '@tenon/nats';
import type { Envelope, Packet } from './envelope.js';
import { EventBatch, maxBatchBytes } from './event-batch.js';

/** What the outbox needs of a connection. */
export type OutboxConnection = Pick<NatsConnection, 'publish' | 'flush' | 'isClosed' | 'info'>;

/** How much the outbox holds, and for how long. */
export interface OutboxLimits {
  readonly maxPendingBytes: number;
  readonly maxPendingMs: number;
}

/**
 * What is on its way to the server.
 *
 * A message is written at once while the server keeps up, which a ping behind the messages shows: less than
 * {@link windowBytes} are written and unconfirmed. Otherwise, and while there is no connection, it waits in order, within
 * bounds. So memory stays bounded with a server that stopped reading, and no message that waits is ever lost unnoticed.
 */
export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #clock: Clock;
  readonly #envelope: Envelope;
  readonly #waiting = new Set<Waiting>();
  #waitingBytes = 0;
  #cancelExpiry: CancelTimer | undefined;
  #connection: OutboxConnection | undefined;
  #unconfirmedBytes = 0;
  #unconfirmedMessages = 0;
  #isConfirming = false;
  #cancelConfirm: CancelTimer | undefined;
  #cancelHold: CancelTimer | undefined;
  #maxPayloadBytes = Number.POSITIVE_INFINITY;
  #idle: (() => void)[] = [];
  readonly #batch: EventBatch | undefined;
  #isClosed = false;

  constructor(limits: OutboxLimits, clock: Clock, envelope: Envelope) {
    this.#limits = limits;
    this.#clock = clock;
    this.#envelope = envelope;
    const sendBatch = (topic: string, payload: Uint8Array): void => this.#sendBatch(topic, payload);
    this.#batch = envelope.packInto && new EventBatch(envelope.packInto, sendBatch, clock);
  }

  /** Bytes that wait, with 256 more for each message. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /**
   * Writes the message at once and returns nothing, or returns a promise that resolves when it is written: so the usual
   * case costs no promise. Throws or rejects, with `executed: 'no'`: `ResourceExhausted` for a message over the server's
   * limit and where nothing more may wait, `Unavailable` when it waited too long, `Canceled` on abort.
   */
  publish(topic: string, message: Message, signal?: AbortSignal): Promise<void> | undefined {
    if (this.#isClosed) throw ended();
    if (this.#waiting.size > 0 || !this.#isOpen()) {
      return this.#wait(topic, this.#envelope.pack(topic, message), signal);
    }
    // A server that takes less than a batch may have gets none: what it refused would be lost.
    const shared = this.#maxPayloadBytes >= maxBatchBytes ? this.#batch?.add(topic, message) : 0;
    if (shared) this.#wrote(shared);
    else this.#write(topic, this.#envelope.pack(topic, message));
    return undefined;
  }

  /** Writes to this connection from now on, once `holdMs` have passed. */
  connected(connection: OutboxConnection, holdMs: number): void {
    if (this.#isClosed) return;
    this.#connection = connection;
    if (holdMs > 0) {
      this.#cancelHold = this.#clock.after(holdMs, () => {
        this.#cancelHold = undefined;
        this.#pump();
      });
    } else this.#pump();
  }

  /** Stops writing, and returns how many messages were written and may or may not have arrived. */
  disconnected(): number {
    const unknown = this.#unconfirmedMessages;
    this.#batch?.clear();
    this.#connection = undefined;
    this.#unconfirmedBytes = 0;
    this.#unconfirmedMessages = 0;
    this.#isConfirming = false;
    this.#cancelConfirm?.();
    this.#cancelConfirm = undefined;
    this.#cancelHold?.();
    this.#cancelHold = undefined;
    this.#settleIdle();
    return unknown;
  }

  /** Resolves when nothing waits and the server has all that was written. */
  flushed(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    this.#confirm();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Rejects what waits with `Unavailable` and takes nothing more. What was written stays written. */
  close(): void {
    this.#isClosed = true;
    this.#batch?.flush();
    for (const waiting of this.#waiting) this.#remove(waiting).reject(ended());
    this.#cancelHold?.();
    this.#cancelHold = undefined;
  }

  #isOpen(): boolean {
    const connection = this.#connection;
    if (connection === undefined || this.#cancelHold !== undefined || connection.isClosed()) return false;
    this.#maxPayloadBytes = connection.info?.max_payload ?? this.#maxPayloadBytes;
    return this.#unconfirmedBytes < windowBytes;
  }

  #write(topic: string, packet: Packet): void {
    this.#checkSize(packet);
    this.#batch?.flush();
    send(this.#connection as OutboxConnection, topic, packet);
    this.#wrote(packet.bytes);
  }

  #wrote(bytes: number): void {
    this.#unconfirmedMessages += 1;
    this.#unconfirmedBytes += bytes;
    if (this.#isConfirming) return;
    if (this.#unconfirmedBytes >= confirmBytes) this.#confirm();
    else this.#cancelConfirm ??= this.#clock.after(confirmAfterMs, () => this.#confirm());
  }

  /** Where the connection has just ended, `disconnected` tells of these events as of others that were written. */
  #sendBatch(topic: string, payload: Uint8Array): void {
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed()) return;
    try {
      connection.publish(topic, payload);
    } catch {
      // It ended while it was asked.
    }
  }

  #checkSize(packet: Packet): void {
    if (packet.bytes <= this.#maxPayloadBytes) return;
    throw new ServiceError(
      'ResourceExhausted',
      `the message has ${packet.bytes} bytes with its envelope; the NATS server takes up to ${this.#maxPayloadBytes}`,
      { executed: 'no' },
    );
  }

  #wait(topic: string, packet: Packet, signal: AbortSignal | undefined): Promise<void> {
    this.#checkSize(packet);
    const bytes = packet.bytes + bookkeepingBytes;
    if (this.#waitingBytes + bytes > this.#limits.maxPendingBytes) {
      throw new ServiceError(
        'ResourceExhausted',
        `${this.#waitingBytes} bytes wait to be published already; maxPendingBytes is ${this.#limits.maxPendingBytes}`,
        { executed: 'no' },
      );
    }
    return new Promise((resolve, reject) => {
      const expiresAt = this.#clock.now() + this.#limits.maxPendingMs;
      const waiting: Waiting = { topic, packet, bytes, expiresAt, resolve, reject, forget: () => {} };
      if (signal !== undefined) {
        const onAbort = (): void => this.#remove(waiting).reject(canceled(signal));
        signal.addEventListener('abort', onAbort, { once: true });
        waiting.forget = () => signal.removeEventListener('abort', onAbort);
      }
      this.#waiting.add(waiting);
      this.#waitingBytes += bytes;
      this.#armExpiry();
    });
  }

  #remove(waiting: Waiting): Waiting {
    waiting.forget();
    this.#waiting.delete(waiting);
    this.#waitingBytes -= waiting.bytes;
    if (this.#waiting.size === 0) {
      this.#cancelExpiry?.();
      this.#cancelExpiry = undefined;
      this.#settleIdle();
    }
    return waiting;
  }

  #pump(): void {
    for (const waiting of this.#waiting) {
      if (!this.#isOpen()) return;
      try {
        this.#write(waiting.topic, waiting.packet);
        this.#remove(waiting).resolve();
      } catch (failure) {
        this.#remove(waiting).reject(failure);
      }
    }
  }

  /** All wait equally long, so the first to come is the first to go, and one timer does. */
  #armExpiry(): void {
    const [first] = this.#waiting;
    if (first === undefined || this.#cancelExpiry !== undefined) return;
    this.#cancelExpiry = this.#clock.after(Math.max(0, first.expiresAt - this.#clock.now()), () => {
      this.#cancelExpiry = undefined;
      const now = this.#clock.now();
      for (const waiting of this.#waiting) {
        if (waiting.expiresAt > now) break;
        this.#remove(waiting).reject(this.#tooLate());
      }
      this.#armExpiry();
    });
  }

  #tooLate(): ServiceError {
    const why = this.#connection === undefined ? 'is away' : 'takes no more';
    return new ServiceError(
      'Unavailable',
      `NATS ${why}: the message waited for ${this.#limits.maxPendingMs} ms and was not published`,
      { executed: 'no' },
    );
  }

  /** Sends a ping behind what was written; its pong confirms all of that. */
  #confirm(): void {
    this.#cancelConfirm?.();
    this.#cancelConfirm = undefined;
    const connection = this.#connection;
    if (connection === undefined || this.#isConfirming || connection.isClosed()) return;
    this.#batch?.flush();
    this.#isConfirming = true;
    const bytes = this.#unconfirmedBytes;
    const messages = this.#unconfirmedMessages;
    connection.flush().then(
      () => {
        if (this.#connection !== connection) return;
        this.#isConfirming = false;
        this.#unconfirmedBytes -= bytes;
        this.#unconfirmedMessages -= messages;
        this.#pump();
        if (this.#unconfirmedMessages > 0) this.#confirm();
        else this.#settleIdle();
      },
      () => {
        // The connection was lost: disconnected() is on its way.
      },
    );
  }

  #isIdle(): boolean {
    return this.#waiting.size === 0 && this.#unconfirmedMessages === 0;
  }

  #settleIdle(): void {
    if (!this.#isIdle()) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}

/** A message that waits to be written. */
interface Waiting {
  readonly topic: string;
  readonly packet: Packet;
  readonly bytes: number;
  readonly expiresAt: number;
  readonly resolve: () => void;
  readonly reject: (failure: unknown) => void;
  forget: () => void;
}

function send(connection: OutboxConnection, topic: string, { payload, headers }: Packet): void {
  try {
    connection.publish(topic, payload, headers === undefined ? {} : { headers });
  } catch (failure) {
    throw natsError(failure, `cannot publish to ${topic}`, { executed: 'no' });
  }
}

function ended(): ServiceError {
  return new ServiceError('Unavailable', 'the NATS broker was closed before the message was published', {
    executed: 'no',
  });
}

/** Enough for 1 GB/s over a round trip of 4 ms, as that to a server that has much to do. */
const windowBytes = 4 * 1_024 ** 2;
/** A ping for so much costs nothing beside it. */
const confirmBytes = 256 * 1_024;
/** A quiet publisher's messages are known to have arrived about so much later. */
const confirmAfterMs = 100;
/** What a waiting message takes beside its bytes, so that empty ones are bounded too. */
const bookkeepingBytes = 256;
