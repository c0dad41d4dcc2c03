import { type CancelTimer, type Clock, type Logger, ServiceError } from '@tenon/contract';
import { canceled } from '@tenon/contract/authoring';
import type { ChannelModel, ConfirmChannel, Message, Options } from 'amqplib';
import type { Packet } from './message-form.js';
import { PublishingChannel, type PublishingChannelOwner } from './publishing-channel.js';
import { rabbitmqError, replyCode } from './rabbitmq-error.js';

/** A packet on its way, and where to. */
export interface Parcel {
  readonly exchange: string;
  readonly routingKey: string;
  readonly packet: Packet;
  readonly persistent: boolean;
  /** Where no queue takes it, it has failed: else that is no error. */
  readonly mandatory?: boolean;
  /** How long it stays in its queue, in milliseconds. */
  readonly expirationMs?: number;
}

/** How much the outbox holds, and for how long. */
export interface OutboxLimits {
  readonly maxPendingBytes: number;
  readonly maxPendingMs: number;
  readonly maxMessageBytes: number;
}

/** What an outbox is made of. */
export interface OutboxParts {
  /**
   * `written`: at most once, publishing resolves when the message is written and nothing is written twice. `confirmed`: at least once,
   * publishing resolves when the server has confirmed it, and what was not confirmed when the channel ended is written again.
   */
  readonly resolves: 'written' | 'confirmed';
  readonly limits: OutboxLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * What is on its way to the server, over however many channels.
 *
 * Both kinds write to a channel with publisher confirms, so that no more than {@link windowBytes} are ever written and unconfirmed: memory
 * stays bounded with a server that stopped reading. What is over that, and all while there is no channel, waits in order, within bounds.
 */
export class Outbox implements PublishingChannelOwner {
  readonly #parts: OutboxParts;
  readonly #clock: Clock;
  readonly #channel: PublishingChannel;
  /** In the order of publishing. */
  readonly #waiting = new Set<Entry>();
  /** Written and not confirmed, in the order of writing. */
  readonly #sent = new Set<Entry>();
  readonly #tokens = new Map<string, Entry>();
  #pendingBytes = 0;
  #sentBytes = 0;
  #nextToken = 0;
  #cancelExpiry: CancelTimer | undefined;
  #idle: (() => void)[] = [];
  #isClosed = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#clock = parts.clock;
    this.#channel = new PublishingChannel(parts.clock, this);
  }

  /** Bytes that wait or are not confirmed, with 256 more for each message. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * Resolves as `resolves` says. Rejects with `ResourceExhausted` for a message over the limit, and where nothing more may wait;
   * `Unavailable` when it waited too long, `executed: 'maybe'` where it had been written, and where no queue took a mandatory one;
   * `PermissionDenied` where the server does not let us; `Canceled` on abort.
   */
  publish(parcel: Parcel, signal?: AbortSignal): Promise<void> {
    if (this.#isClosed) throw ended(false);
    const bytes = bytesOf(parcel) + bookkeepingBytes;
    this.#checkRoom(parcel, bytes);
    return new Promise((resolve, reject) => {
      const expiresAt = this.#clock.now() + this.#parts.limits.maxPendingMs;
      const entry: Entry = { parcel, bytes, expiresAt, resolve, reject, wasSent: false, forget: () => {} };
      if (signal !== undefined) {
        const onAbort = (): void => this.#remove(entry).reject(canceled(signal));
        signal.addEventListener('abort', onAbort, { once: true });
        entry.forget = () => signal.removeEventListener('abort', onAbort);
      }
      this.#waiting.add(entry);
      this.#pendingBytes += bytes;
      this.#pump();
      if (this.#isPending(entry)) this.#armExpiry();
    });
  }

  /** Writes to this connection from now on, once `holdMs` have passed. */
  connected(connection: ChannelModel, holdMs: number): void {
    this.#channel.connected(connection, holdMs);
  }

  /** Stops writing, and returns how many messages were written at most once and may or may not have arrived. */
  disconnected(): number {
    this.#channel.disconnected();
    return this.#lost();
  }

  /** Resolves when nothing waits and the server has confirmed all that was written. */
  flushed(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Rejects what waits with `Unavailable` and takes nothing more. What was written stays written. */
  close(): void {
    this.#isClosed = true;
    this.#channel.close();
    const open = this.#parts.resolves === 'written' ? [...this.#waiting] : [...this.#sent, ...this.#waiting];
    for (const entry of open) this.#remove(entry).reject(ended(entry.wasSent));
  }

  /** Writes what waits. */
  onReady(): void {
    this.#pump();
  }

  onReturned({ properties }: Message): void {
    const entry = this.#tokens.get(String(properties.correlationId));
    if (entry !== undefined) entry.isUnroutable = true;
  }

  /** The server closes a channel for the fault of one message, and does not say which. */
  onEnded(refusal: Error | undefined): void {
    if (refusal !== undefined) {
      const error = rabbitmqError(refusal, 'RabbitMQ does not take the message', { executed: 'no' });
      this.#parts.logger.warn('RabbitMQ closed the channel that publishes; another is opened', { error });
      const code = replyCode(refusal);
      if (code === 403) for (const entry of [...this.#sent]) this.#remove(entry).reject(error);
      if (code === 406) this.#rejectLargest(refusal);
    }
    this.#lost();
  }

  #checkRoom({ packet }: Parcel, bytes: number): void {
    const { maxMessageBytes, maxPendingBytes } = this.#parts.limits;
    if (packet.content.length > maxMessageBytes) {
      throw new ServiceError(
        'ResourceExhausted',
        `the message has ${packet.content.length} bytes; maxMessageBytes is ${maxMessageBytes}`,
        { executed: 'no' },
      );
    }
    if (this.#pendingBytes + bytes <= maxPendingBytes || this.#isIdle()) return;
    throw new ServiceError(
      'ResourceExhausted',
      `${this.#pendingBytes} bytes wait to be published already; maxPendingBytes is ${maxPendingBytes}`,
      { executed: 'no' },
    );
  }

  /** Over a limit of the server's that is lower than ours: the rest is written again. */
  #rejectLargest(refusal: Error): void {
    const [largest] = [...this.#sent].sort((left, right) => right.bytes - left.bytes);
    if (largest === undefined || !/size/.test(refusal.message)) return;
    const error = rabbitmqError(refusal, 'the message is over the limit of the RabbitMQ server', { executed: 'no' });
    this.#remove(largest).reject(new ServiceError('ResourceExhausted', error.rawMessage, { executed: 'no' }));
  }

  #lost(): number {
    const unknown = this.#sent.size;
    const again = [...this.#sent, ...this.#waiting];
    this.#sentBytes = 0;
    this.#tokens.clear();
    if (this.#parts.resolves === 'written') {
      for (const entry of this.#sent) this.#pendingBytes -= entry.bytes;
      this.#sent.clear();
      this.#settleIdle();
      return unknown;
    }
    this.#sent.clear();
    this.#waiting.clear();
    for (const entry of again) this.#waiting.add(entry);
    return 0;
  }

  #pump(): void {
    for (const entry of this.#waiting) {
      const channel = this.#channel.ready;
      if (channel === undefined || this.#sentBytes >= windowBytes) return;
      this.#write(channel, entry);
    }
  }

  #write(channel: ConfirmChannel, entry: Entry): void {
    const { exchange, routingKey, packet, persistent, mandatory = false, expirationMs } = entry.parcel;
    const options: Options.Publish = { headers: packet.headers, persistent };
    if (expirationMs !== undefined) options.expiration = String(expirationMs);
    let token: string | undefined;
    if (mandatory) {
      token = (this.#nextToken++).toString(36);
      options.mandatory = true;
      // By which a message that comes back is known.
      options.correlationId = token;
    }
    try {
      channel.publish(exchange, routingKey, packet.content, options, (failure: Error | null) => {
        if (this.#channel.isCurrent(channel) && this.#sent.has(entry)) this.#confirmed(entry, token, failure);
      });
    } catch (thrown) {
      // A channel that is closed throws as well as a message that cannot be written: its end is on its way.
      if (!(thrown instanceof RangeError) && !(thrown instanceof TypeError)) return;
      this.#remove(entry).reject(rabbitmqError(thrown, 'the message cannot be written', { executed: 'no' }));
      return;
    }
    if (token !== undefined) this.#tokens.set(token, entry);
    entry.wasSent = true;
    this.#waiting.delete(entry);
    this.#sent.add(entry);
    this.#sentBytes += entry.bytes;
    if (this.#parts.resolves !== 'written') return;
    entry.forget();
    entry.resolve();
  }

  /** A channel that closes says so of each message before it says it of itself. */
  #confirmed(entry: Entry, token: string | undefined, failure: Error | null): void {
    if (failure !== null && failure.message !== nacked) return;
    if (token !== undefined) this.#tokens.delete(token);
    this.#remove(entry);
    if (failure !== null) {
      const message = 'RabbitMQ could not keep the message: one of its queues did not take it';
      entry.reject(new ServiceError('Unavailable', message, { executed: 'maybe' }));
    } else if (entry.isUnroutable === true) {
      const message = `no queue takes what is published to ${entry.parcel.exchange} as ${entry.parcel.routingKey}`;
      entry.reject(new ServiceError('Unavailable', message, { executed: 'no' }));
    } else entry.resolve();
    this.#pump();
  }

  #isPending(entry: Entry): boolean {
    return this.#waiting.has(entry) || this.#sent.has(entry);
  }

  #remove(entry: Entry): Entry {
    entry.forget();
    if (this.#waiting.delete(entry)) this.#pendingBytes -= entry.bytes;
    if (this.#sent.delete(entry)) {
      this.#pendingBytes -= entry.bytes;
      this.#sentBytes -= entry.bytes;
    }
    this.#settleIdle();
    return entry;
  }

  /** All wait equally long, so the first to come is the first to go, and one timer does. */
  #armExpiry(): void {
    const first = this.#oldest();
    if (first === undefined || this.#cancelExpiry !== undefined) return;
    this.#cancelExpiry = this.#clock.after(Math.max(0, first.expiresAt - this.#clock.now()), () => {
      this.#cancelExpiry = undefined;
      const now = this.#clock.now();
      for (const entry of this.#expiring())
        if (entry.expiresAt <= now) this.#remove(entry).reject(this.#tooLate(entry));
      this.#armExpiry();
    });
  }

  /** What was written at most once is settled already. */
  #expiring(): readonly Entry[] {
    return this.#parts.resolves === 'written' ? [...this.#waiting] : [...this.#sent, ...this.#waiting];
  }

  #oldest(): Entry | undefined {
    if (this.#parts.resolves === 'confirmed') for (const entry of this.#sent) return entry;
    for (const entry of this.#waiting) return entry;
    return undefined;
  }

  #tooLate({ wasSent }: Entry): ServiceError {
    const waited = `the message waited for ${this.#parts.limits.maxPendingMs} ms and was not ${this.#parts.resolves}`;
    return new ServiceError('Unavailable', `${this.#channel.trouble}: ${waited}`, {
      executed: wasSent ? 'maybe' : 'no',
    });
  }

  #isIdle(): boolean {
    return this.#waiting.size === 0 && this.#sent.size === 0;
  }

  #settleIdle(): void {
    if (!this.#isIdle()) return;
    this.#cancelExpiry?.();
    this.#cancelExpiry = undefined;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** A message that waits, or is not confirmed. */
interface Entry {
  readonly parcel: Parcel;
  readonly bytes: number;
  readonly expiresAt: number;
  readonly resolve: () => void;
  readonly reject: (failure: unknown) => void;
  wasSent: boolean;
  isUnroutable?: boolean;
  forget: () => void;
}

function bytesOf({ routingKey, packet }: Parcel): number {
  let bytes = packet.content.length + routingKey.length;
  for (const [key, value] of Object.entries(packet.headers)) bytes += key.length + Buffer.byteLength(value);
  return bytes;
}

function ended(wasSent: boolean): ServiceError {
  return new ServiceError('Unavailable', 'the RabbitMQ broker was closed before the message was published', {
    executed: wasSent ? 'maybe' : 'no',
  });
}

/** Enough for 1 GB/s over a round trip of 1 ms, and little enough for the sockets' own buffers. */
const windowBytes = 1_024 ** 2;
/** What a waiting message takes beside its bytes, so that empty ones are bounded too. */
const bookkeepingBytes = 256;
/** How amqplib says that the server refused. */
const nacked = 'message nacked';
