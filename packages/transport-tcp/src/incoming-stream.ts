import { type Decoder, ServiceError } from '@tenon/contract';
import { type MessageSource, type MessageTaker, NextPromises, nextMessage } from '@tenon/contract/authoring';
import { type ConnectionCredit, costOf } from './connection-credit.js';
import { type Assembler, MessageAssembly } from './message-assembly.js';
import { ProtocolViolation } from './protocol-violation.js';

/** The call that a stream of messages belongs to. */
export interface IncomingOwner {
  /** Grants the peer so many bytes more for this stream. */
  grant(bytes: number): void;
  /** The reader left before the end. */
  left(): void;
  /** The peer sent more than is taken: the call is to end with that error. */
  overrun(error: ServiceError): void;
  /** A message cannot be decoded. Returns what the reader is told. */
  unreadable(thrown: unknown): ServiceError;
}

/** How much of a stream this side takes. */
export interface IncomingLimits {
  readonly maxMessageBytes: number;
  /** What the peer was granted before anything was read. */
  readonly windowBytes: number;
}

/**
 * The messages that arrive on one stream, for one reader.
 *
 * They are decoded when they arrive, straight from what was read, or kept as bytes where nobody has said yet as what.
 * The peer is granted more as the reader takes them.
 */
export class IncomingStream implements AsyncIterableIterator<unknown>, MessageSource, Assembler {
  readonly #owner: IncomingOwner;
  readonly #credit: ConnectionCredit;
  readonly #maxMessageBytes: number;
  readonly #maxWindow: number;
  #window: number;
  #decoder: Decoder | undefined;
  /** What waits for the reader. A list, because most streams have one message at a time, or none. */
  #first: Held | undefined;
  #last: Held | undefined;
  #heldMessages = 0;
  #heldBytes = 0;
  /** What the peer may send before it is granted more. */
  #peerMaySend: number;
  #growing: MessageAssembly | undefined;
  #growingCost = 0;
  /** The reader, where it waits. */
  #taker: MessageTaker | undefined;
  #promises: NextPromises | undefined;
  /** What the reader is still to be told. */
  #error: ServiceError | undefined;
  #peerEnded = false;
  /** The reader left, or the stream failed: what comes is dropped. */
  #dropping = false;
  /** The call is over: the peer waits for no credit, and what is left here is bounded by the window. */
  #settled = false;

  /** @param decoder - undefined where it is told later, by `decodeWith`. */
  constructor(owner: IncomingOwner, credit: ConnectionCredit, limits: IncomingLimits, decoder: Decoder | undefined) {
    this.#owner = owner;
    this.#credit = credit;
    this.#maxMessageBytes = limits.maxMessageBytes;
    this.#window = limits.windowBytes;
    this.#maxWindow = limits.windowBytes * 4;
    this.#peerMaySend = limits.windowBytes;
    this.#decoder = decoder;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  get assembledBytes(): number {
    return this.#growing?.bytes ?? 0;
  }

  overrun(error: ServiceError): void {
    this.#owner.overrun(error);
  }

  decodeWith(decoder: Decoder): void {
    this.#decoder = decoder;
  }

  next(): Promise<IteratorResult<unknown>> {
    this.#promises ??= new NextPromises(this);
    return this.#promises.next();
  }

  [nextMessage](taker: MessageTaker): void {
    const error = this.#error;
    const first = this.#first;
    if (first !== undefined) this.#take(first, taker);
    else if (error !== undefined) {
      // Told once; after that the iteration is over.
      this.#error = undefined;
      taker.failed(error);
    } else if (this.#peerEnded || this.#dropping) taker.ended();
    else this.#taker = taker;
  }

  return(): Promise<IteratorResult<unknown>> {
    this.#error = undefined;
    if (!this.#dropping) {
      this.#dropping = true;
      this.#drop();
      if (!this.#peerEnded) this.#owner.left();
      this.#released()?.ended();
    }
    return Promise.resolve({ value: undefined, done: true });
  }

  /**
   * Takes a DATA frame's payload, which the connection has accounted for already.
   *
   * @throws ProtocolViolation where the peer had no credit for it, or had said that there is no more.
   */
  data(buffer: Buffer, start: number, end: number, more: boolean): void {
    const cost = costOf(end - start);
    this.#peerMaySend -= cost;
    if (this.#peerMaySend < 0) throw new ProtocolViolation('more data than the stream has credit for');
    if (this.#peerEnded) throw new ProtocolViolation('data after the end of the stream');
    if (this.#dropping) {
      this.#credit.giveBack(cost);
      return;
    }
    if (more || this.#growing !== undefined) this.#grow(buffer, start, end, cost, more);
    else if (this.#taker !== undefined && this.#decoder !== undefined) {
      this.#credit.giveBack(cost);
      this.#hand(this.#decoder, buffer, start, end);
      this.#topUp();
    } else {
      this.#credit.buffered(cost);
      this.#keep(buffer, start, end, cost, false);
    }
  }

  /** The peer has sent all. @throws ProtocolViolation in the middle of a message. */
  end(): void {
    if (this.#peerEnded) throw new ProtocolViolation('a second end of a stream');
    if (this.#growing !== undefined) throw new ProtocolViolation('the end of a stream in the middle of a message');
    this.#peerEnded = true;
    this.#released()?.ended();
  }

  /** Ends the iteration with an error: behind what waits to be read, or at once. */
  fail(error: ServiceError, atOnce: boolean): void {
    if (this.#dropping || (this.#peerEnded && !atOnce)) return;
    this.#dropping = true;
    if (atOnce) this.#drop();
    else this.#forgetGrowing();
    const taker = this.#released();
    if (taker === undefined) this.#error = error;
    else taker.failed(error);
  }

  /** The call is over. What waits here can still be read, and counts for nobody any more. */
  settle(): void {
    if (this.#settled) return;
    this.#forgetGrowing();
    this.#settled = true;
    this.#credit.budget.release(this.#heldMessages * itemBytes);
    this.#credit.consumed(this.#heldBytes);
  }

  /** The call is over, and nothing of it is read any more. */
  close(): void {
    if (!this.#dropping) {
      this.#dropping = true;
      this.#drop();
      this.#released()?.ended();
    }
    this.settle();
  }

  /** The reader, where it waited; it does not any more. */
  #released(): MessageTaker | undefined {
    const taker = this.#taker;
    this.#taker = undefined;
    return taker;
  }

  /** Decodes a message and gives it to the reader that waits. */
  #hand(decoder: Decoder, buffer: Uint8Array, start: number, end: number): void {
    let value: unknown;
    try {
      value = decoder(buffer, start, end);
    } catch (thrown) {
      this.#malformed(thrown);
      return;
    }
    this.#released()?.message(value);
  }

  /** Puts a message, which `buffered` has counted, where the reader finds it. */
  #keep(buffer: Buffer, start: number, end: number, cost: number, owned: boolean): void {
    let value: unknown;
    let undecoded: Buffer | undefined;
    if (this.#decoder === undefined) {
      undecoded = owned ? buffer.subarray(start, end) : Buffer.from(buffer.subarray(start, end));
    } else {
      try {
        value = this.#decoder(buffer, start, end);
      } catch (thrown) {
        this.#credit.consumed(cost);
        this.#malformed(thrown);
        return;
      }
    }
    const held = new Held(value, undecoded, cost);
    if (this.#last === undefined) this.#first = held;
    else this.#last.next = held;
    this.#last = held;
    this.#heldMessages += 1;
    this.#heldBytes += cost;
    this.#credit.budget.hold(itemBytes);
  }

  #take({ value, undecoded, cost, next }: Held, taker: MessageTaker): void {
    this.#first = next;
    if (next === undefined) this.#last = undefined;
    this.#heldMessages -= 1;
    this.#heldBytes -= cost;
    if (!this.#settled) {
      this.#credit.budget.release(itemBytes);
      this.#credit.consumed(cost);
      if (this.#peerMaySend + this.#heldBytes <= this.#window >> 1) this.#topUp();
    }
    if (undecoded === undefined) {
      taker.message(value);
      return;
    }
    let decoded: unknown;
    try {
      decoded = (this.#decoder as Decoder)(undecoded, 0, undecoded.length);
    } catch (thrown) {
      this.#malformed(thrown);
      this[nextMessage](taker);
      return;
    }
    taker.message(decoded);
  }

  /** Takes a piece of a message. */
  #grow(buffer: Buffer, start: number, end: number, cost: number, more: boolean): void {
    const growing = this.#growing ?? this.#beginGrowing();
    if (!growing.append(buffer, start, end)) {
      this.#credit.giveBack(cost);
      const text = `a message of more than ${this.#maxMessageBytes} bytes`;
      this.#owner.overrun(new ServiceError('ResourceExhausted', text));
      return;
    }
    this.#growingCost += cost;
    this.#credit.buffered(cost);
    // Either may end this call, or another, for want of room.
    this.#credit.assemblies.grew(end - start);
    if (this.#growing === growing) this.#credit.budget.growing.grew(end - start);
    if (this.#growing !== growing) return;
    if (!more) {
      const { content } = growing;
      const total = this.#growingCost;
      this.#endGrowing();
      if (this.#taker === undefined || this.#decoder === undefined) {
        this.#keep(content, 0, content.length, total, true);
        return;
      }
      this.#credit.consumed(total);
      this.#hand(this.#decoder, content, 0, content.length);
    }
    this.#topUp();
  }

  #beginGrowing(): MessageAssembly {
    this.#growing = new MessageAssembly(this.#maxMessageBytes);
    this.#credit.assemblies.add(this);
    this.#credit.budget.growing.add(this);
    return this.#growing;
  }

  #endGrowing(): void {
    this.#credit.assemblies.remove(this);
    this.#credit.budget.growing.remove(this);
    this.#growing = undefined;
    this.#growingCost = 0;
  }

  /** Grants more, so that what the peer may send and what waits to be read are a window together. */
  #topUp(): void {
    if (this.#peerEnded || this.#dropping || this.#settled) return;
    // What grows counts as read if nothing waits before it: else a message longer than the window would never arrive.
    const nothingWaits = this.#heldBytes === 0;
    const waiting = nothingWaits ? 0 : this.#heldBytes + this.#growingCost;
    if (this.#peerMaySend + waiting > this.#window >> 1) return;
    // A reader that waits is faster than the window lets messages come.
    if (nothingWaits && this.#window < this.#maxWindow) this.#window = Math.min(this.#window * 2, this.#maxWindow);
    const bytes = this.#credit.budget.windowFor(this.#window) - this.#peerMaySend - waiting;
    if (bytes <= 0) return;
    this.#peerMaySend += bytes;
    this.#owner.grant(bytes);
  }

  #malformed(thrown: unknown): void {
    this.fail(this.#owner.unreadable(thrown), true);
  }

  #drop(): void {
    this.#first = undefined;
    this.#last = undefined;
    if (!this.#settled) {
      this.#credit.budget.release(this.#heldMessages * itemBytes);
      this.#credit.consumed(this.#heldBytes);
    }
    this.#heldMessages = 0;
    this.#heldBytes = 0;
    this.#forgetGrowing();
  }

  #forgetGrowing(): void {
    if (this.#growing === undefined) return;
    this.#credit.consumed(this.#growingCost);
    this.#endGrowing();
  }
}

/** A message that waits for the reader, or its bytes where nobody has said yet as what to decode them. */
class Held {
  next: Held | undefined = undefined;

  constructor(
    readonly value: unknown,
    readonly undecoded: Buffer | undefined,
    readonly cost: number,
  ) {}
}

/** What a message takes beside its bytes, roughly. */
const itemBytes = 64;
