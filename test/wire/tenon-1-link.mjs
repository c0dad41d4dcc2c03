// tenon/1, layer 3: one socket in the clear. What is the same for both sides: one segment a turn, pieces that let other
// calls pass, PING and PONG, GOAWAY, and the end.
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  frameBytes,
  maxPayloadBytes,
  maxSegmentBytes,
  ProtocolError,
  SegmentReader,
  segmentBytes,
  types,
} from './tenon-1-frames.mjs';
import { goawayBytes } from './tenon-1-payloads.mjs';

const quietMs = { asked: 10_000, answer: 4_000 };

/**
 * `owner` is asked with `onFrame(frame)` for all frames but PING and PONG, and with `onEnd({ code, reason })`
 * once.
 */
export class Link {
  isOpen = true;
  /** Set by the owner: before, PING is out of order like everything else. */
  isGreeted = false;
  /** Resolves when the socket is closed, a little after the end. */
  closed;
  #socket;
  #owner;
  #reader = new SegmentReader();
  #waiting = [];
  #pongs = [];
  #heardAt = performance.now();
  #pingedAt = Number.NEGATIVE_INFINITY;
  #pingsInRow = 0;
  #aboutConnection = 0;
  #watch;

  constructor(socket, owner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#watch = setInterval(() => this.#lookAlive(), 1_000).unref();
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    // An error is always followed by `close`, which ends the calls; its text is the reason.
    socket.on('error', (error) => this.leave({ code: 14, reason: error.message }));
    socket.on('close', () => this.leave({ code: 14, reason: 'the connection is closed' }));
  }

  send(type, call, payload, flags) {
    this.#queue(frameBytes(type, call, payload, flags), (frame) => this.#waiting.push(frame));
  }

  /** Sends a request or reply in as many frames as it needs; it stops where `isOver()` says that nobody wants it. */
  async sendWhole(type, call, head, bytes, isOver) {
    let end = Math.min(bytes.length, maxPayloadBytes - head.length);
    this.send(type, call, Buffer.concat([head, bytes.subarray(0, end)]), { more: end < bytes.length });
    while (end < bytes.length) {
      await this.writable();
      if (isOver()) return;
      const start = end;
      end = Math.min(bytes.length, start + maxPayloadBytes);
      this.send(types.REST, call, bytes.subarray(start, end), { more: end < bytes.length });
    }
  }

  /** Resolves when others had their turn and the socket takes more: what stands between two pieces of a message. */
  async writable() {
    await nextTurn();
    while (this.isOpen && this.#socket.writableNeedDrain) await nextTurn();
  }

  /** Resolves with true when the other side answers, with false when the connection ends before. */
  ping() {
    return new Promise((resolve) => {
      this.#pongs.push(resolve);
      this.#sendAhead(types.PING, Buffer.alloc(8, this.#pongs.length));
    });
  }

  /** Says why, and closes. Twice is fine. */
  close(code, reason) {
    if (!this.isOpen) return;
    this.send(types.GOAWAY, 0, goawayBytes({ code, reason }));
    this.#flush();
    this.leave({ code, reason });
  }

  /** Closes without a word. Twice is fine. */
  leave(reason) {
    if (!this.isOpen) return;
    this.isOpen = false;
    clearInterval(this.#watch);
    // The other side reads GOAWAY and closes; a side that does not is left.
    this.#socket.end();
    const leave = setTimeout(() => this.#socket.destroy(), 1_000);
    this.#socket.once('close', () => clearTimeout(leave));
    if (this.#socket.closed) clearTimeout(leave);
    for (const resolve of this.#pongs.splice(0)) resolve(false);
    this.#owner.onEnd(reason);
  }

  #sendAhead(type, payload) {
    this.#queue(frameBytes(type, 0, payload), (frame) => this.#waiting.unshift(frame));
  }

  #queue(frame, put) {
    if (!this.isOpen) return;
    if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
    put(frame);
  }

  #flush() {
    const frames = this.#waiting;
    this.#waiting = [];
    for (let start = 0; start < frames.length; ) {
      let end = start;
      for (let bytes = 0; end < frames.length; end += 1) {
        bytes += frames[end].length;
        if (bytes > maxSegmentBytes) break;
      }
      this.#socket.write(segmentBytes(frames.slice(start, end)));
      start = end;
    }
  }

  #take(chunk) {
    if (!this.isOpen) return;
    this.#heardAt = performance.now();
    try {
      for (const frame of this.#reader.read(chunk)) {
        this.#aboutConnection = frame.call === 0 ? this.#aboutConnection + 1 : 0;
        if (this.#aboutConnection > 8_192) throw new ProtocolError('too many frames about the connection');
        if (!this.isGreeted) this.#owner.onFrame(frame);
        else if (frame.type === types.PING) this.#answer(frame.payload);
        else if (frame.type === types.PONG) this.#pongs.shift()?.(true);
        else this.#owner.onFrame(frame);
        if (!this.isOpen) return;
      }
    } catch (error) {
      this.close(error instanceof ProtocolError ? 3 : 13, error.message);
      if (!(error instanceof ProtocolError)) throw error;
    }
  }

  #answer(payload) {
    if (payload.length !== 8) throw new ProtocolError('PING has 8 bytes');
    this.#pingsInRow = this.#heardAt - this.#pingedAt < 200 ? this.#pingsInRow + 1 : 1;
    this.#pingedAt = this.#heardAt;
    if (this.#pingsInRow > 3) throw new ProtocolError('too many PINGs');
    this.#sendAhead(types.PONG, payload);
  }

  #lookAlive() {
    const silentMs = performance.now() - this.#heardAt;
    if (silentMs > quietMs.asked + quietMs.answer) this.close(14, 'nothing was heard any more');
    else if (silentMs > quietMs.asked && this.#pongs.length === 0) void this.ping();
  }
}
