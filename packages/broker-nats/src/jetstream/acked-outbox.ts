import { createInbox, headers, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { type CancelTimer, type Clock, ServiceError } from '@tenon/contract';
import { canceled } from '@tenon/contract/authoring';
import { natsError } from '@tenon/nats';
import type { Packet } from '../envelope.js';
import { jetStreamError } from './jetstream-api.js';
import type { Streams } from './streams.js';

/** How much waits for the server's word, and for how long. */
export interface AckedOutboxLimits {
  readonly maxPendingBytes: number;
  readonly maxPendingMs: number;
  readonly ackTimeoutMs: number;
}

/**
 * What JetStream has been given and has not confirmed yet.
 *
 * One inbox serves all messages: each is sent with a reply subject of its own below it, so that a confirmation costs one look into a
 * table and neither a subscription nor a timer. What is not confirmed in time, or was under way when the connection ended, is sent
 * again, in order, with the same id, by which the server knows it.
 */
export class AckedOutbox {
  readonly #limits: AckedOutboxLimits;
  readonly #streams: Streams;
  readonly #clock: Clock;
  readonly #inbox = createInbox();
  readonly #pending = new Map<number, Pending>();
  /** First tokens whose stream is known to be there on this connection. */
  readonly #ready = new Set<string>();
  #pendingBytes = 0;
  #nextToken = 0;
  #connection: NatsConnection | undefined;
  #isListening = false;
  #cancelSweep: CancelTimer | undefined;
  #idle: (() => void)[] = [];
  #isClosed = false;

  constructor(limits: AckedOutboxLimits, streams: Streams, clock: Clock) {
    this.#limits = limits;
    this.#streams = streams;
    this.#clock = clock;
  }

  /** Bytes that are not confirmed, with 256 more for each message. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * Resolves when JetStream keeps the message. Rejects with `ResourceExhausted` for a message over the server's limit, and where
   * nothing more may wait here or there; `Unavailable` when it waited too long, `executed: 'maybe'` where it had been sent;
   * `Canceled` on abort.
   *
   * @param id - by which the server knows a repetition.
   */
  publish(topic: string, packet: Packet, id: string, signal?: AbortSignal): Promise<void> {
    if (this.#isClosed) throw ended();
    const bytes = packet.bytes + id.length + bookkeepingBytes;
    this.#checkRoom(bytes);
    return new Promise((resolve, reject) => {
      const token = this.#nextToken++;
      const expiresAt = this.#clock.now() + this.#limits.maxPendingMs;
      const pending: Pending = {
        topic,
        packet,
        id,
        bytes,
        expiresAt,
        resolve,
        reject,
        sentAt: undefined,
        wasSent: false,
        forget: () => {},
      };
      if (signal !== undefined) {
        const onAbort = (): void => this.#settle(token)?.reject(canceled(signal));
        signal.addEventListener('abort', onAbort, { once: true });
        pending.forget = () => signal.removeEventListener('abort', onAbort);
      }
      this.#pending.set(token, pending);
      this.#pendingBytes += bytes;
      this.#send(token, pending);
      this.#armSweep();
    });
  }

  /** Sends to this connection from now on, first what is not confirmed. */
  connected(connection: NatsConnection): void {
    if (this.#isClosed) return;
    this.#connection = connection;
    for (const [token, pending] of [...this.#pending]) this.#send(token, pending);
  }

  disconnected(): void {
    this.#connection = undefined;
    this.#isListening = false;
    this.#ready.clear();
    for (const pending of this.#pending.values()) pending.sentAt = undefined;
  }

  /** Resolves when nothing waits for the server's word any more. */
  flushed(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Rejects what is not confirmed with `Unavailable` and takes nothing more. */
  close(): void {
    this.#isClosed = true;
    for (const token of [...this.#pending.keys()]) {
      const pending = this.#settle(token);
      pending?.reject(ended(pending.wasSent));
    }
    this.#cancelSweep?.();
  }

  #checkRoom(bytes: number): void {
    const { maxPendingBytes } = this.#limits;
    if (this.#pendingBytes + bytes <= maxPendingBytes || this.#pending.size === 0) return;
    throw new ServiceError(
      'ResourceExhausted',
      `${this.#pendingBytes} bytes wait for JetStream's word already; maxPendingBytes is ${maxPendingBytes}`,
      { executed: 'no' },
    );
  }

  #send(token: number, pending: Pending): void {
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed()) return;
    const { topic } = pending;
    const first = firstToken(topic);
    if (this.#ready.has(first)) {
      this.#write(connection, token, pending);
      return;
    }
    this.#streams.of(topic, connection).then(
      () => {
        this.#ready.add(first);
        if (this.#connection === connection && this.#pending.get(token) === pending)
          this.#write(connection, token, pending);
      },
      (thrown: unknown) => this.#failed(token, pending, ServiceError.from(thrown)),
    );
  }

  #write(connection: NatsConnection, token: number, pending: Pending): void {
    const { topic, packet, id } = pending;
    const limit = connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
    const size = packet.bytes + idHeaderBytes + id.length;
    if (size > limit) {
      const message = `the message has ${size} bytes with its envelope; the NATS server takes up to ${limit}`;
      this.#settle(token)?.reject(new ServiceError('ResourceExhausted', message, { executed: 'no' }));
      return;
    }
    this.#listen(connection);
    pending.sentAt = this.#clock.now();
    try {
      const carried = withId(packet.headers, id);
      connection.publish(topic, packet.payload, { reply: `${this.#inbox}.${token.toString(36)}`, headers: carried });
      pending.wasSent = true;
    } catch (thrown) {
      this.#settle(token)?.reject(natsError(thrown, `cannot publish to ${topic}`, { executed: 'no' }));
    }
  }

  /** Not before something is to be confirmed: who publishes at most once need not be allowed an inbox. It ends with its connection. */
  #listen(connection: NatsConnection): void {
    if (this.#isListening) return;
    this.#isListening = true;
    connection.subscribe(`${this.#inbox}.*`, {
      callback: (failure, reply) => {
        if (failure === null) this.#replied(reply);
      },
    });
  }

  /** Runs inside the client's parser: it must not throw. */
  #replied(reply: Msg): void {
    const token = Number.parseInt(reply.subject.slice(this.#inbox.length + 1), 36);
    const pending = this.#pending.get(token);
    if (pending === undefined) return;
    const failure = failureOf(reply);
    if (failure === undefined) this.#settle(token)?.resolve();
    else this.#failed(token, pending, failure);
  }

  /** What passes by itself is tried again by the sweep, until its time is over. */
  #failed(token: number, pending: Pending, error: ServiceError): void {
    if (this.#pending.get(token) !== pending) return;
    if (error.code === 'Unavailable') {
      this.#ready.delete(firstToken(pending.topic));
      this.#streams.reset();
      pending.failure = error;
      pending.sentAt = this.#clock.now() - this.#limits.ackTimeoutMs + retryMs;
      return;
    }
    this.#settle(token)?.reject(error);
  }

  #settle(token: number): Pending | undefined {
    const pending = this.#pending.get(token);
    if (pending === undefined) return undefined;
    pending.forget();
    this.#pending.delete(token);
    this.#pendingBytes -= pending.bytes;
    if (this.#pending.size === 0) {
      this.#cancelSweep?.();
      this.#cancelSweep = undefined;
      for (const resolve of this.#idle.splice(0)) resolve();
    }
    return pending;
  }

  #armSweep(): void {
    this.#cancelSweep ??= this.#clock.after(Math.min(retryMs, this.#limits.maxPendingMs), () => {
      this.#cancelSweep = undefined;
      this.#sweep();
      if (this.#pending.size > 0) this.#armSweep();
    });
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const [token, pending] of [...this.#pending]) {
      if (pending.expiresAt <= now) this.#settle(token)?.reject(this.#tooLate(pending));
      else if (now - (pending.sentAt ?? Number.NEGATIVE_INFINITY) >= this.#limits.ackTimeoutMs)
        this.#send(token, pending);
    }
  }

  #tooLate({ wasSent, failure }: Pending): ServiceError {
    const why = this.#connection === undefined ? 'NATS is away' : (failure?.rawMessage ?? 'JetStream does not answer');
    return new ServiceError(
      'Unavailable',
      `${why}: the message waited for ${this.#limits.maxPendingMs} ms and was not confirmed`,
      { executed: wasSent ? 'maybe' : 'no' },
    );
  }
}

interface Pending {
  readonly topic: string;
  readonly packet: Packet;
  readonly id: string;
  readonly bytes: number;
  readonly expiresAt: number;
  readonly resolve: () => void;
  readonly reject: (failure: unknown) => void;
  /** When it was sent on this connection; undefined where it was not. */
  sentAt: number | undefined;
  wasSent: boolean;
  failure?: ServiceError;
  forget: () => void;
}

/** `{"stream":"…","seq":1}`, the same with an error, or a status of the server's where nobody keeps the subject. */
function failureOf(reply: Msg): ServiceError | undefined {
  const { data } = reply;
  if (data.length === 0) return unavailable('no stream keeps the topic');
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1');
  if (!text.includes('"error"')) return undefined;
  try {
    return jetStreamError('JetStream does not take the message', JSON.parse(reply.string()).error ?? {});
  } catch {
    return unavailable('JetStream answered with what is no confirmation');
  }
}

/**
 * All that the client asks of headers is their bytes: a table of them, which it checks and sorts, costs as much as all else, so there is
 * none for an id alone. One that could end its line goes where it is refused.
 */
function withId(given: MsgHdrs | undefined, id: string): MsgHdrs {
  if (given === undefined && plainText.test(id)) {
    return { encode: () => Buffer.from(`NATS/1.0\r\n${idHeader}: ${id}\r\n\r\n`) } as unknown as MsgHdrs;
  }
  const carried = given ?? headers();
  carried.set(idHeader, id);
  return carried;
}

function firstToken(topic: string): string {
  const end = topic.indexOf('.');
  return end < 0 ? topic : topic.slice(0, end);
}

function unavailable(message: string): ServiceError {
  return ServiceError.refusal('Unavailable', message, { executed: 'no' });
}

function ended(wasSent = false): ServiceError {
  return new ServiceError('Unavailable', 'the NATS broker was closed before the message was confirmed', {
    executed: wasSent ? 'maybe' : 'no',
  });
}

/** What a pending message takes beside its bytes, so that empty ones are bounded too. */
const bookkeepingBytes = 256;
const plainText = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const idHeader = 'Nats-Msg-Id';
/** `NATS/1.0`, the name and the line ends. */
const idHeaderBytes = 30;
const retryMs = 250;
