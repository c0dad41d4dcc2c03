import type { Encoder } from '@tenon/contract';
import { type MessageSource, type MessageTaker, messageSource, nextMessage } from '@tenon/contract/authoring';
import type { ConnectionCodec, ConnectionCodecs } from './connection-codecs.js';
import { type ConnectionCredit, type CreditWaiter, costOf } from './connection-credit.js';
import { dataFrame, maxCreditBytes } from './frame.js';
import type { FrameWriter } from './frame-writer.js';
import type { LongMessage, PieceGate } from './piece-queue.js';
import { ProtocolViolation } from './protocol-violation.js';
import type { RoomWaiter } from './room-waiters.js';

/** The call that a stream of messages belongs to. */
export interface OutgoingOwner {
  readonly id: number;
  /** Before each message: what must stand before the first one. */
  beforeMessage(): void;
  /** All messages have been sent. */
  exhausted(): void;
  /** Where the messages come from threw. */
  sourceFailed(thrown: unknown): void;
  /** A message could not be encoded, or is too long. */
  unsendable(thrown: unknown): void;
  /** Nobody waits for what the source said when it was told to stop, but it should be known. */
  stopFailed(thrown: unknown): void;
}

/** The connection that a stream is sent on. */
export interface OutgoingWay {
  readonly writer: FrameWriter;
  readonly credit: ConnectionCredit;
  readonly codecs: ConnectionCodecs;
  /** The longest message that the peer takes. */
  readonly maxMessageBytes: number;
}

/**
 * The messages that are sent on one stream. The next one is asked for when the last one has left and the peer has given
 * credit for more, so that a slow reader stops the producer.
 */
export class OutgoingStream implements PieceGate, CreditWaiter, RoomWaiter, MessageTaker {
  readonly #owner: OutgoingOwner;
  readonly #way: OutgoingWay;
  readonly #codec: ConnectionCodec;
  readonly #encoder: Encoder;
  readonly #source: MessageSource;
  #maySend: number;
  /** Between asking the source and its answer. */
  #asking = false;
  /** Asks, one message after the other, for as long as there are some at once. */
  #goingOn = false;
  /** The message that leaves in pieces. */
  #leaving: LongMessage | undefined;
  /** Told to resume later by whoever holds it back. */
  #waiting = false;
  #stopped = false;

  /** @param maySend - the credit that the stream starts with. */
  constructor(
    owner: OutgoingOwner,
    way: OutgoingWay,
    codec: ConnectionCodec,
    encoder: Encoder,
    messages: AsyncIterable<unknown>,
    maySend: number,
  ) {
    this.#owner = owner;
    this.#way = way;
    this.#codec = codec;
    this.#encoder = encoder;
    this.#source = messageSource(messages[Symbol.asyncIterator]());
    this.#maySend = maySend;
  }

  get allowedBytes(): number {
    return Math.min(this.#maySend, this.#way.credit.maySend);
  }

  spent(bytes: number): void {
    this.#maySend -= costOf(bytes);
    this.#way.credit.spend(costOf(bytes));
    // Pieces that stand still look again when the connection has credit.
    if (this.#leaving !== undefined && !this.#leaving.sent) this.#awaitConnection();
  }

  sent(): void {
    this.#leaving = undefined;
    this.resume();
  }

  /** The peer granted more. @throws ProtocolViolation where it cannot mean it. */
  granted(bytes: number): void {
    this.#maySend += bytes;
    if (this.#maySend > maxCreditBytes) throw new ProtocolViolation('more credit than 2^31 - 1');
    if (this.#leaving !== undefined) this.#way.writer.wake();
    else if (!this.#waiting) this.resume();
  }

  /** Asks for the next message, if it may be sent. */
  resume(): void {
    this.#waiting = false;
    if (this.#stopped || this.#asking) return;
    if (this.#leaving !== undefined) {
      this.#way.writer.wake();
      return;
    }
    if (!this.#goingOn) this.#goOn();
  }

  /** Sends nothing more and tells the source so. Twice, or after the end, does nothing. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#leaving !== undefined) this.#way.writer.drop(this.#leaving);
    this.#leaving = undefined;
    this.#returnSource();
  }

  message(value: unknown): void {
    this.#asking = false;
    if (this.#stopped) return;
    this.#send(value);
    if (this.#leaving === undefined) this.resume();
  }

  ended(): void {
    this.#asking = false;
    if (this.#stopped) return;
    this.#stopped = true;
    this.#owner.exhausted();
  }

  failed(thrown: unknown): void {
    this.#asking = false;
    if (this.#stopped) return;
    this.#stopped = true;
    this.#owner.sourceFailed(thrown);
  }

  /** A source that has many messages answers at once: in turns, so that it does not answer from within its answer. */
  #goOn(): void {
    this.#goingOn = true;
    while (!this.#asking && !this.#stopped && this.#leaving === undefined) {
      if (this.#maySend <= 0 || this.#isHeldBack()) break;
      this.#asking = true;
      this.#source[nextMessage](this);
    }
    this.#goingOn = false;
  }

  #send(value: unknown): void {
    const { writer, maxMessageBytes, codecs } = this.#way;
    this.#owner.beforeMessage();
    writer.begin(dataFrame, this.#owner.id);
    writer.beginMessage(maxMessageBytes);
    try {
      this.#encoder(value, writer);
      writer.checkMessage();
    } catch (thrown) {
      writer.rollBack();
      this.#stopped = true;
      this.#returnSource();
      this.#owner.unsendable(thrown);
      return;
    }
    this.#leaving = writer.endMessage(dataFrame, this);
    if (this.#leaving !== undefined) this.#awaitConnection();
    if (this.#codec.linked) codecs.encoded(this.#codec);
  }

  /** Whether something else than the stream's own credit says to wait; then it calls `resume`. */
  #isHeldBack(): boolean {
    const { writer, credit } = this.#way;
    if (this.#waiting) return true;
    if (credit.maySend <= 0) credit.await(this);
    else if (writer.congested) writer.awaitRoom(this);
    else if (writer.turnIsOver) writer.awaitTurn(this);
    else return false;
    this.#waiting = true;
    return true;
  }

  #awaitConnection(): void {
    if (this.#waiting || this.#way.credit.maySend > 0) return;
    this.#waiting = true;
    this.#way.credit.await(this);
  }

  #returnSource(): void {
    try {
      Promise.resolve(this.#source.return?.()).catch((thrown: unknown) => this.#owner.stopFailed(thrown));
    } catch (thrown) {
      this.#owner.stopFailed(thrown);
    }
  }
}

/** Tells messages that nobody will take that they can stop. */
export function returnFrom(messages: AsyncIterable<unknown>, owner: OutgoingOwner): void {
  try {
    Promise.resolve(messages[Symbol.asyncIterator]().return?.()).catch((thrown: unknown) => owner.stopFailed(thrown));
  } catch (thrown) {
    owner.stopFailed(thrown);
  }
}
