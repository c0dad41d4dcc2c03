import type { Duplex } from 'node:stream';
import { ServiceError, type Sink } from '@tenon/contract';
import { type BufferPool, pooledBytes } from './buffer-pool.js';
import { frameHeaderBytes } from './frame.js';
import { LongMessage, type PieceGate, PieceQueue } from './piece-queue.js';
import { type RoomWaiter, RoomWaiters } from './room-waiters.js';
import { SegmentOutlet } from './segment-outlet.js';

/**
 * The sending half of a connection.
 *
 * Frames are built in place, one behind the other, in a buffer that is lent while something is pending, and leave as one
 * segment: when the tick ends, or earlier, so that the peer can begin while this side goes on. It is the sink of the
 * encoders too. A frame is written by `begin`, then through `buffer` and `position`, then `end`, `endMessage` or
 * `rollBack`; an encoder that makes another call in the middle begins a second frame inside the first, which is put
 * behind it.
 */
export class FrameWriter implements Sink {
  buffer: Buffer;
  position: number;
  readonly #pool: BufferPool;
  readonly #outlet: SegmentOutlet;
  /** Where frames begin in a buffer. */
  readonly #bodyStart: number;
  #pieces: PieceQueue | undefined;
  /** Where the open frame began; -1 where none is open. */
  #frameStart = none;
  #messageStart = 0;
  #maxMessageBytes = Number.POSITIVE_INFINITY;
  /** Frames in the buffer. */
  #frames = 0;
  #framesEnded = 0;
  #framesSent = 0;
  #tickScheduled = false;
  #turnScheduled = false;
  #closed = false;
  /** What a frame that began inside of another has to do with. */
  #nesting: Nesting | undefined;
  #whenIdle: (() => void)[] | undefined;
  readonly #roomWaiters = new RoomWaiters();
  readonly #turnWaiters = new RoomWaiters();
  #turnFrames = 0;

  /** @param segmented - whether frames travel in segments with a checksum: in the clear. */
  constructor(socket: Duplex, pool: BufferPool, segmented: boolean) {
    this.#pool = pool;
    this.#outlet = new SegmentOutlet(socket, pool, segmented, this.#onWrittenAll);
    this.#bodyStart = this.#outlet.bodyStart;
    this.buffer = pool.none;
    this.position = this.#bodyStart;
  }

  /** Frames ended so far. One whose number, counted from 1, is over `framesSent` has certainly not left. */
  get framesEnded(): number {
    return this.#framesEnded;
  }

  get framesSent(): number {
    return this.#framesSent;
  }

  /** Whether a frame is open. */
  get open(): boolean {
    return this.#frameStart !== none;
  }

  /** Whether the peer takes less than is written: whoever can should produce no more. */
  get congested(): boolean {
    return this.#outlet.congested;
  }

  /** What waits on this side, roughly. */
  get pendingBytes(): number {
    return this.#outlet.pendingBytes + this.position;
  }

  /** Bytes of the message since `beginMessage`. */
  get messageBytes(): number {
    return this.position - this.#messageStart;
  }

  /** Opens a frame, with room for a payload of 16 bytes before `ensure` must be asked. */
  begin(type: number, id: number): void {
    if (this.#frameStart !== none) this.#openInside();
    if (this.position + roomAtBegin > this.buffer.length) this.#nextBuffer();
    const { buffer, position } = this;
    buffer[position + 3] = type;
    buffer[position + 4] = id >>> 24;
    buffer[position + 5] = id >>> 16;
    buffer[position + 6] = id >>> 8;
    buffer[position + 7] = id;
    this.#frameStart = position;
    this.position = position + frameHeaderBytes;
    this.#messageStart = this.position;
    this.#maxMessageBytes = Number.POSITIVE_INFINITY;
  }

  /** From here on the frame holds a message, of at most so many bytes: `ensure` refuses more. */
  beginMessage(maxBytes: number): void {
    this.#messageStart = this.position;
    this.#maxMessageBytes = maxBytes;
  }

  /** @throws ServiceError `ResourceExhausted`, `executed: 'no'`, where the message is over the limit. */
  checkMessage(): void {
    const bytes = this.position - this.#messageStart;
    if (bytes > this.#maxMessageBytes) throw tooLong(bytes, this.#maxMessageBytes);
  }

  ensure(bytes: number): void {
    if (this.position + bytes <= this.buffer.length) return;
    const messageBytes = this.position - this.#messageStart + bytes;
    if (messageBytes > this.#maxMessageBytes) throw tooLong(messageBytes, this.#maxMessageBytes);
    this.#growBuffer(bytes);
  }

  /** Ends the open frame, which is short. */
  end(): void {
    const start = this.#frameStart;
    const { buffer } = this;
    const payloadBytes = this.position - start - frameHeaderBytes;
    buffer[start] = payloadBytes >>> 16;
    buffer[start + 1] = payloadBytes >>> 8;
    buffer[start + 2] = payloadBytes;
    this.#frameStart = none;
    this.#framesEnded += 1;
    const nesting = this.#nesting;
    if (nesting !== undefined && nesting.around.length > 0) {
      nesting.inside.push(Buffer.from(buffer.subarray(start, this.position)));
      this.#closeInside(nesting);
      return;
    }
    this.#frames += 1;
    this.#turnFrames += 1;
    if (buffer.length > pooledBytes) this.#leaveOwnBuffer(start);
    if (nesting !== undefined) this.#appendInside(nesting);
    if (this.#frames >= earlyFrames || this.position >= earlyBytes) this.flush();
    else if (!this.#tickScheduled) this.#scheduleTick();
  }

  /**
   * Ends a frame that a message ends. A long one is taken out and queued, to leave in pieces while other frames pass in
   * between; it is returned, so that it can be dropped.
   *
   * @param restType - the type of the pieces after the first.
   */
  endMessage(restType: number, gate?: PieceGate): LongMessage | undefined {
    const bytes = this.position - this.#frameStart - frameHeaderBytes;
    if (bytes <= maxInlineBytes && (gate === undefined || bytes <= gate.allowedBytes)) {
      this.end();
      gate?.spent(bytes);
      return undefined;
    }
    const start = this.#frameStart;
    const id = this.buffer.readInt32BE(start + 4);
    const payloadStart = start + frameHeaderBytes;
    // A buffer that grew for this message is its own.
    const payload =
      this.buffer.length > pooledBytes
        ? this.buffer.subarray(payloadStart, this.position)
        : this.#pool.copyOf(this.buffer, payloadStart, this.position);
    const message = new LongMessage(this.buffer[start + 3] as number, restType, id, payload, bytes, gate);
    this.rollBack();
    this.#pieces ??= new PieceQueue();
    this.#pieces.add(message);
    this.wake();
    return message;
  }

  /** Undoes the open frame. What was written inside of it stays. */
  rollBack(): void {
    this.position = this.#frameStart;
    this.#frameStart = none;
    const nesting = this.#nesting;
    if (nesting !== undefined && nesting.around.length > 0) {
      this.#closeInside(nesting);
      return;
    }
    if (this.buffer.length > pooledBytes) this.#leaveOwnBuffer(this.position);
    if (nesting !== undefined) this.#appendInside(nesting);
    if (!this.#tickScheduled) this.#scheduleTick();
  }

  /** Sends no more of a long message. */
  drop(message: LongMessage): void {
    if (this.#pieces?.drop(message) === true) this.#pool.give(message.release());
  }

  /** Calls `resume` once when the peer takes what is written again. */
  awaitRoom(waiter: RoomWaiter): void {
    this.#roomWaiters.add(waiter);
    this.wake();
  }

  /** Whether so much was written since others had their turn that whoever produces without end should let them. */
  get turnIsOver(): boolean {
    return this.#turnFrames >= maxTurnFrames;
  }

  /** Calls `resume` once when others have had their turn: sockets, timers. */
  awaitTurn(waiter: RoomWaiter): void {
    this.#turnWaiters.add(waiter);
    this.#scheduleTurn();
  }

  /** Sees to it that long messages go on: one was added, or has credit again. */
  wake(): void {
    if (!this.#tickScheduled) this.#scheduleTick();
  }

  /** Sends what is in the buffer, as far as the socket takes it. Done by itself at the end of the tick at the latest. */
  flush(): void {
    if (this.#closed || this.#frameStart !== none) return;
    const { kept } = this.#outlet;
    const takesMore = this.#outlet.flush();
    // Which of them were in what has left is not told apart: they may have.
    if (this.#outlet.kept < kept) this.#framesSent = this.#framesEnded;
    if (!takesMore) return;
    if (this.position > this.#bodyStart) this.#writeBuffer();
  }

  /** Sends a short frame ahead of whatever waits on this side, behind an opening that is no frame, where there is one. */
  sendNow(type: number, payload: Uint8Array, opening?: Uint8Array): void {
    if (!this.#closed) this.#outlet.sendNow(type, payload, opening);
  }

  /** The socket takes bytes again. */
  drained(): void {
    this.#turn();
  }

  /** Resolves when everything has been handed to the system, or the writer was closed. */
  idle(): Promise<void> {
    if (this.#closed || this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle ??= [];
      this.#whenIdle.push(resolve);
    });
  }

  /** Sends no more and frees what it holds. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pieces = undefined;
    this.#outlet.clear();
    this.#roomWaiters.clear();
    this.#turnWaiters.clear();
    if (this.#frameStart === none) this.#release();
    this.#tellIdle();
  }

  readonly #onTick = (): void => {
    this.#tickScheduled = false;
    this.#turn();
  };

  readonly #onTurn = (): void => {
    this.#turnScheduled = false;
    this.#turnFrames = 0;
    this.#turn();
    this.#turnWaiters.resume();
  };

  readonly #onWrittenAll = (): void => {
    if (this.#whenIdle !== undefined && this.#isIdle()) this.#tellIdle();
  };

  #tellIdle(): void {
    const waiting = this.#whenIdle;
    this.#whenIdle = undefined;
    if (waiting !== undefined) for (const resolve of waiting) resolve();
  }

  #turn(): void {
    this.flush();
    if (this.#pieces !== undefined) this.#sendPieces(this.#pieces);
    if (this.#roomWaiters.any && !this.congested) this.#roomWaiters.resume();
    if (this.#closed) this.position = this.#bodyStart;
    if (this.position === this.#bodyStart && this.#frameStart === none) this.#release();
  }

  /** A few pieces at a time: then others get their turn at the socket, and frames that came meanwhile go first. */
  #sendPieces(pieces: PieceQueue): void {
    let left = piecesPerTurnBytes;
    while (left > 0 && !this.congested && !this.#closed) {
      const message = pieces.next();
      if (message === undefined) break;
      const bytes = message.pieceBytes;
      this.begin(message.typeOf(bytes), message.id);
      this.ensure(bytes);
      message.move(bytes, this.buffer, this.position);
      this.position += bytes;
      this.end();
      left -= bytes;
      if (!message.sent) continue;
      this.drop(message);
      message.finish();
    }
    if (pieces.size === 0 && this.#pieces === pieces) this.#pieces = undefined;
    this.flush();
    if (left <= 0 && !this.congested) this.#scheduleTurn();
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    setImmediate(this.#onTurn);
  }

  #scheduleTick(): void {
    this.#tickScheduled = true;
    process.nextTick(this.#onTick);
  }

  #writeBuffer(): void {
    this.#framesSent = this.#framesEnded;
    // Where the system took everything at once, the same buffer can be filled again.
    if (!this.#outlet.write(this.buffer, this.position)) this.buffer = this.#pool.none;
    this.position = this.#bodyStart;
    this.#frames = 0;
  }

  #nextBuffer(): void {
    if (this.position > this.#bodyStart) {
      if (this.congested) {
        this.#outlet.keep(this.buffer, this.position);
        this.buffer = this.#pool.none;
        this.position = this.#bodyStart;
        this.#frames = 0;
      } else {
        this.#writeBuffer();
      }
    }
    if (this.buffer === this.#pool.none) this.buffer = this.#pool.take();
  }

  /**
   * Moves the open frame to a larger buffer, where it begins at the same offset: encoders may rely on their position. What
   * is before it stays behind, and leaves before it.
   */
  #growBuffer(bytes: number): void {
    const { buffer, position } = this;
    const start = this.#frameStart;
    const needed = position + bytes;
    const target = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(buffer.length * 2, needed + growthBytes)));
    buffer.copy(target, start, start, position);
    this.buffer = target;
    if (buffer.length > pooledBytes) return;
    if (start > this.#bodyStart && !this.#isInside) {
      this.#outlet.keep(buffer, start);
      this.#frames = 0;
    } else {
      this.#pool.give(buffer);
    }
  }

  /** A buffer that grew for one frame is not kept for others: a segment has a limit too. */
  #leaveOwnBuffer(frameStart: number): void {
    const bytes = this.position - frameStart;
    const own = this.buffer;
    this.buffer = this.#pool.take();
    own.copy(this.buffer, this.#bodyStart, frameStart, this.position);
    this.position = this.#bodyStart + bytes;
  }

  #openInside(): void {
    const { buffer, position } = this;
    this.#nesting ??= { around: [], inside: [] };
    this.#nesting.around.push({
      buffer,
      position,
      frameStart: this.#frameStart,
      messageStart: this.#messageStart,
      maxMessageBytes: this.#maxMessageBytes,
    });
    this.buffer = this.#pool.take();
    this.position = this.#bodyStart;
  }

  #closeInside({ around }: Nesting): void {
    this.#pool.give(this.buffer);
    const outer = around.pop() as OpenFrame;
    this.buffer = outer.buffer;
    this.position = outer.position;
    this.#frameStart = outer.frameStart;
    this.#messageStart = outer.messageStart;
    this.#maxMessageBytes = outer.maxMessageBytes;
  }

  /** Puts what was ended inside of the frame behind it. */
  #appendInside({ inside }: Nesting): void {
    this.#nesting = undefined;
    for (const frame of inside) {
      if (this.position + frame.length > this.buffer.length) this.#nextBuffer();
      this.buffer.set(frame, this.position);
      this.position += frame.length;
      this.#frames += 1;
    }
  }

  get #isInside(): boolean {
    return this.#nesting !== undefined && this.#nesting.around.length > 0;
  }

  #isIdle(): boolean {
    return this.#pieces === undefined && this.position === this.#bodyStart && this.#outlet.pendingBytes === 0;
  }

  #release(): void {
    this.#pool.give(this.buffer);
    this.buffer = this.#pool.none;
    this.position = this.#bodyStart;
  }
}

/** Frames that are open around the open one, outermost first, and what was ended inside of them. */
interface Nesting {
  readonly around: OpenFrame[];
  readonly inside: Buffer[];
}

interface OpenFrame {
  readonly buffer: Buffer;
  readonly position: number;
  readonly frameStart: number;
  readonly messageStart: number;
  readonly maxMessageBytes: number;
}

function tooLong(bytes: number, limit: number): ServiceError {
  const text = `a message of ${bytes} bytes or more is over the limit of ${limit}`;
  return new ServiceError('ResourceExhausted', text, { executed: 'no' });
}

const none = -1;
/** A frame's header and a short payload. */
const roomAtBegin = frameHeaderBytes + 16;
/** Sending early makes both sides work at once: worth more than a fuller segment, up to about these figures. */
const earlyFrames = 16;
const earlyBytes = 16 * 1_024;
/** A longer message leaves in pieces. */
const maxInlineBytes = 16 * 1_024;
const maxTurnFrames = 512;
const piecesPerTurnBytes = 64 * 1_024;
/** A buffer that must grow doubles, by at most this much. */
const growthBytes = 1_024 * 1_024;
