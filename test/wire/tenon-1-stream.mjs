// tenon/1, layer 4: the two halves of a stream. Sending waits for credit; receiving gives it back.

import { ProtocolError, types } from './tenon-1-frames.mjs';
import { creditBytes } from './tenon-1-payloads.mjs';

const pieceBytes = 16_384;
const maxCredit = 2 ** 31 - 1;

/** An empty frame counts as one byte. */
const weight = (bytes) => Math.max(1, bytes);

/** What one side may still send on one connection: its own credit here, that of each call in `call.credit`. */
export class SendCredit {
  #link;
  #bytes;
  #waiting = [];

  constructor(link, bytes) {
    this.#link = link;
    this.#bytes = bytes;
  }

  /** CREDIT has come, for a call or, without one, for the connection. */
  add(bytes, call) {
    const sum = (call?.credit ?? this.#bytes) + bytes;
    if (sum > maxCredit) throw new ProtocolError('credit above 2^31 - 1');
    if (call === undefined) this.#bytes = sum;
    else call.credit = sum;
    this.wake();
  }

  /** Lets those who wait look again: after CREDIT, and when a call is over. */
  wake() {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  /** Sends one message of a call, in pieces where it must. Resolves with false where the call takes no more. */
  async send(call, message) {
    let start = 0;
    do {
      const size = await this.#claim(call, Math.min(pieceBytes, message.length - start));
      if (size === undefined) return false;
      const piece = message.subarray(start, start + size);
      start += size;
      this.#link.send(types.DATA, call.id, piece, { more: start < message.length });
      await this.#link.writable();
    } while (start < message.length);
    return true;
  }

  async #claim(call, wanted) {
    while (!call.takesNoMore && (call.credit < 1 || this.#bytes < 1)) {
      await new Promise((resume) => this.#waiting.push(resume));
    }
    if (call.takesNoMore) return undefined;
    const size = Math.min(wanted, call.credit, this.#bytes);
    call.credit -= weight(size);
    this.#bytes -= weight(size);
    return size;
  }
}

/** What the other side may still send on the connection. The bytes go back as they arrive, in lumps. */
export class ReceiveCredit {
  #link;
  #window;
  #left;

  constructor(link, window) {
    this.#link = link;
    this.#window = window;
    this.#left = window;
  }

  take(bytes) {
    this.#left -= weight(bytes);
    if (this.#left < 0) throw new ProtocolError('more bytes than the connection has credit for');
    if (this.#left > this.#window / 2) return;
    this.#link.send(types.CREDIT, 0, creditBytes(this.#window - this.#left));
    this.#left = this.#window;
  }
}

/** The messages of one stream that have come and are not read yet. It holds back the call's credit until they are. */
export class Inbox {
  #link;
  #call;
  #window;
  #maxMessageBytes;
  #left;
  #owed = 0;
  #messages = [];
  #growing = { pieces: [], bytes: 0, held: 0 };
  #end;
  #wake = () => {};

  constructor(link, call, { window, messageBytes }) {
    this.#link = link;
    this.#call = call;
    this.#window = window;
    this.#maxMessageBytes = messageBytes;
    this.#left = window;
  }

  /** DATA has come. Returns false where the message has become too large. */
  add(piece, more) {
    const growing = this.#growing;
    this.#left -= weight(piece.length);
    if (this.#left < 0) throw new ProtocolError('more bytes than the call has credit for');
    growing.pieces.push(piece);
    growing.bytes += piece.length;
    growing.held += weight(piece.length);
    if (growing.bytes > this.#maxMessageBytes) return false;
    if (more) {
      if (this.#messages.length === 0) this.#giveForGrowing();
    } else {
      this.#messages.push({ bytes: Buffer.concat(growing.pieces), held: growing.held });
      this.#growing = { pieces: [], bytes: 0, held: 0 };
      this.#wake();
    }
    return true;
  }

  /** Whether a message has begun that is not whole. */
  get isInsideMessage() {
    return this.#growing.pieces.length > 0;
  }

  /** No further message comes: the end, or `error` after those that are here. */
  finish(error) {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#wake();
  }

  /** The next message, or undefined at the end. */
  async next() {
    while (this.#messages.length === 0 && this.#end === undefined) {
      await new Promise((wake) => {
        this.#wake = wake;
      });
    }
    const message = this.#messages.shift();
    if (message === undefined) {
      if (this.#end.error !== undefined) throw this.#end.error;
      return undefined;
    }
    this.#owed += message.held;
    // From here on nothing whole waits before the message that grows: it must get credit, or it would never be whole.
    if (this.#messages.length === 0) this.#giveForGrowing();
    else this.#give();
    return message.bytes;
  }

  #giveForGrowing() {
    this.#owed += this.#growing.held;
    this.#growing.held = 0;
    this.#give();
  }

  #give() {
    if (this.#end !== undefined || this.#owed < this.#window / 2) return;
    this.#link.send(types.CREDIT, this.#call, creditBytes(this.#owed));
    this.#left += this.#owed;
    this.#owed = 0;
  }
}
