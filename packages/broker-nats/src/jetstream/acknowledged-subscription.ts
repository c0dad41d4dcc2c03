import { createInbox, type Msg, type NatsConnection, type Subscription as NatsSide } from '@nats-io/transport-node';
import {
  type CancelTimer,
  type Clock,
  type Logger,
  type Message,
  ServiceError,
  type Subscription,
  Unprocessable,
} from '@tenon/contract';
import { type Settlement, Settler, type SettlingParts } from '@tenon/contract/authoring';
import type { Envelope } from '../envelope.js';
import { eventsOf, isBatch } from '../event-batch.js';
import { type AckSubject, readAckSubject } from './ack-subject.js';
import { BatchSettlement } from './batch-settlement.js';
import { consumerName, deleteConsumer, ensureConsumer } from './consumers.js';
import { JetStreamSettlement } from './jetstream-settlement.js';
import { RecentlyHandled } from './recently-handled.js';
import { nsPerMs, type Streams } from './streams.js';

/** What one acknowledged subscription is made of. */
export interface AcknowledgedSettings extends SettlingParts {
  readonly envelope: Envelope;
  readonly streams: Streams;
  /** Called once, as soon as it drains or closes. */
  readonly onEnd: (subscription: AcknowledgedSubscription) => void;
}

/**
 * One subscription at least once, over however many connections it lives: it asks its consumer for as many messages as it has handlers
 * free, and for more when a quarter is free again.
 */
export class AcknowledgedSubscription implements Subscription {
  readonly #settings: AcknowledgedSettings;
  readonly #settler: Settler;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #consumer: string;
  #connection: NatsConnection | undefined;
  #stream = '';
  #inbox = '';
  #side: NatsSide | undefined;
  /** Messages that were asked for and have not come. */
  #asked = 0;
  #running = 0;
  /** Places of handlers that are free and not filled yet: only while they are being filled. */
  #freed = 0;
  /** More than was asked for came: where the server was taken for silent, and was not. */
  readonly #waiting: (readonly [Msg, AckSubject])[] = [];
  readonly #handled = new RecentlyHandled();
  #heardAt = 0;
  #lastSequence = 0;
  #cancelLook: CancelTimer | undefined;
  #isOpen = true;
  #stood: (failure?: ServiceError) => void = () => {};
  #idle: (() => void)[] = [];
  #drained: Promise<void> | undefined;

  constructor(settings: AcknowledgedSettings) {
    const { terms, clock, logger } = settings;
    this.#settings = settings;
    this.#settler = new Settler(settings);
    this.#clock = clock;
    this.#logger = logger;
    this.#consumer = consumerName(terms.topic, terms.queue ?? `one-${crypto.randomUUID()}`);
  }

  get topic(): string {
    return this.#settings.terms.topic;
  }

  /** Resolves when the consumer is there; rejects with what the server said of it. Called once, before `attach`. */
  standing(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stood = (failure) => {
        this.#stood = () => {};
        if (failure === undefined) resolve();
        else reject(failure);
      };
    });
  }

  /** Goes on with a new connection; the one before is gone, and what was asked for over it. */
  attach(connection: NatsConnection): void {
    if (!this.#isOpen) return;
    this.#connection = connection;
    this.#asked = 0;
    this.#inbox = createInbox();
    this.#side = connection.subscribe(this.#inbox, {
      callback: (failure, message) => {
        if (failure === null) this.#received(message, connection);
      },
    });
    void this.#begin(connection);
  }

  drain(): Promise<void> {
    this.#drained ??= this.#end();
    return this.#drained;
  }

  async close(): Promise<void> {
    void this.drain();
  }

  /** Finds or makes stream and consumer, then asks for messages; again after a while where that fails. */
  async #begin(connection: NatsConnection): Promise<void> {
    const { terms, streams } = this.#settings;
    try {
      this.#stream = await streams.of(terms.topic, connection);
      const from = terms.queue === undefined && this.#lastSequence > 0 ? this.#lastSequence + 1 : undefined;
      await ensureConsumer(connection, this.#stream, this.#consumer, terms, from);
    } catch (thrown) {
      if (!this.#isCurrent(connection)) return;
      const error = ServiceError.from(thrown);
      if (error.code !== 'Unavailable') this.#stood(error);
      this.#logger.warn('JetStream does not give the subscription; it is asked again', { error });
      streams.reset();
      this.#lookAfter(retryMs, () => void this.#begin(connection));
      return;
    }
    if (!this.#isCurrent(connection)) return;
    this.#stood();
    this.#heardAt = this.#clock.now();
    this.#ask();
    this.#watch(connection);
  }

  #ask(): void {
    const connection = this.#connection;
    if (!this.#isOpen || connection === undefined || connection.isClosed() || this.#stream === '') return;
    const { maxInFlight, ordered } = this.#settings.terms;
    const most = ordered ? 1 : maxInFlight;
    const free = most - this.#running - this.#waiting.length - this.#asked;
    if (free <= 0 || (this.#asked > 0 && free < most / 4)) return;
    this.#asked += free;
    const request = { batch: free, expires: expiresMs * nsPerMs, idle_heartbeat: heartbeatMs * nsPerMs };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.#stream}.${this.#consumer}`;
    connection.publish(subject, JSON.stringify(request), { reply: this.#inbox });
  }

  /** Where something was asked for and the server is silent, its heartbeats too, all is looked up and asked for anew. */
  #watch(connection: NatsConnection): void {
    this.#lookAfter(heartbeatMs, () => {
      if (!this.#isCurrent(connection)) return;
      const isSilent = this.#asked > 0 && this.#clock.now() - this.#heardAt > 2.5 * heartbeatMs;
      if (!isSilent) return this.#watch(connection);
      this.#asked = 0;
      void this.#begin(connection);
    });
  }

  #lookAfter(delayMs: number, look: () => void): void {
    this.#cancelLook?.();
    this.#cancelLook = this.#clock.after(delayMs, look);
  }

  /** Runs inside the client's parser: it must not throw. */
  #received(message: Msg, connection: NatsConnection): void {
    this.#heardAt = this.#clock.now();
    const ack = readAckSubject(message.reply);
    if (ack === undefined) {
      this.#status(message, connection);
      return;
    }
    this.#asked = Math.max(0, this.#asked - 1);
    if (!this.#isOpen) this.#giveBack(message);
    else if (this.#running < this.#settings.terms.maxInFlight) this.#start(message, ack);
    else this.#waiting.push([message, ack]);
  }

  #status({ headers }: Msg, connection: NatsConnection): void {
    const code = headers?.code ?? 0;
    if (code === 100 || code === 0) return;
    const left = Number(headers?.get('Nats-Pending-Messages') || Number.NaN);
    this.#asked = Number.isSafeInteger(left) ? Math.max(0, this.#asked - left) : 0;
    // 404 and 408: what was asked for has run out.
    if (code === 404 || code === 408) {
      this.#ask();
      return;
    }
    this.#asked = 0;
    this.#logger.debug('JetStream ended a request for messages', { code, reason: headers?.description });
    this.#lookAfter(retryMs, () => void this.#begin(connection));
  }

  #start(message: Msg, ack: AckSubject): void {
    this.#running += 1;
    const settlement = new JetStreamSettlement(message.reply ?? '', ack, this.#handled, this.#say, this.#ended);
    void this.#handle(message, ack, settlement);
  }

  /** Called by whatever settles a message: a promise for each that tells of it would cost as much as the settling. */
  readonly #ended = (): void => {
    this.#running -= 1;
    this.#freed += 1;
    // One that is settled as it starts comes back to the loop that started it, not into another one on top.
    if (this.#freed > 1) return;
    for (; this.#freed > 0; this.#freed -= 1) {
      const next = this.#waiting.shift();
      if (next !== undefined) this.#start(...next);
    }
    if (this.#waiting.length === 0) this.#ask();
    if (this.#running === 0) this.#becameIdle();
  };

  #becameIdle(): void {
    if (!this.#isOpen) this.#settler.close();
    if (this.#idle.length > 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Never rejects. */
  #handle(received: Msg, ack: AckSubject, settlement: Settlement): Promise<void> {
    if (this.#handled.has(ack)) {
      settlement.ack();
      return Promise.resolve();
    }
    this.#lastSequence = Math.max(this.#lastSequence, ack.sequence);
    const { envelope } = this.#settings;
    if (envelope.batches && isBatch(received.data)) return this.#handleBatch(received, ack, settlement);
    return this.#settle(received, ack, settlement);
  }

  /** Events that were published at most once, to a stream that keeps them all the same: they are settled as they came, together. */
  async #handleBatch(received: Msg, ack: AckSubject, settlement: Settlement): Promise<void> {
    let events: readonly number[];
    try {
      events = eventsOf(received.data);
    } catch {
      return this.#settle(received, ack, settlement);
    }
    const together = new BatchSettlement(settlement);
    for (let index = 0; index < events.length; index += 2) {
      const data = received.data.subarray(events[index], events[index + 1]);
      await this.#settle({ subject: received.subject, data }, ack, together);
    }
    together.end();
  }

  #settle(
    received: Pick<Msg, 'subject' | 'data' | 'headers'>,
    { deliveries: attempt, sequence }: AckSubject,
    settlement: Settlement,
  ): Promise<void> {
    const { subject: topic } = received;
    let message: Message;
    try {
      message = this.#settings.envelope.unpack(received);
    } catch (thrown) {
      const reason = new Unprocessable(ServiceError.from(thrown).rawMessage, { cause: thrown });
      const asIs = { topic, message: asItCame(received.data, sequence), attempt, sequence };
      return this.#settler.refuse(asIs, settlement, reason);
    }
    return this.#settler.settle({ topic, message, attempt, sequence }, settlement);
  }

  #giveBack({ reply = '' }: Msg): void {
    this.#say(reply, '-NAK');
  }

  /** Over the connection of now: the server knows the message by its subject, whoever says it. Lost words are a redelivery. */
  readonly #say = (subject: string, word: string | Uint8Array): void => {
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed()) return;
    try {
      connection.publish(subject, word);
    } catch {
      // It ended while it was asked.
    }
  };

  async #end(): Promise<void> {
    this.#isOpen = false;
    if (this.#running === 0) this.#becameIdle();
    this.#settings.onEnd(this);
    this.#cancelLook?.();
    for (const [message] of this.#waiting.splice(0)) this.#giveBack(message);
    const connection = this.#connection;
    // What the server had sent already is handed back, so that others need not wait for it.
    await connection?.flush().catch(() => {});
    this.#side?.unsubscribe();
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    if (connection === undefined || connection.isClosed()) return;
    if (this.#settings.terms.queue === undefined && this.#stream !== '')
      await deleteConsumer(connection, this.#stream, this.#consumer);
    else await connection.flush().catch(() => {});
  }

  #isCurrent(connection: NatsConnection): boolean {
    return this.#isOpen && this.#connection === connection && !connection.isClosed();
  }
}

/** What is no message of the envelope, for the dead letters. */
function asItCame(data: Uint8Array, sequence: number): Message {
  return {
    id: `undecodable-${sequence}`,
    timeMs: 0,
    contentType: 'application/octet-stream',
    body: data,
    metadata: Object.freeze({}),
  };
}

const expiresMs = 30_000;
const heartbeatMs = 5_000;
const retryMs = 500;
