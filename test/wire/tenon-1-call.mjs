// tenon/1, layer 5: one call of a client, of any of the four kinds.
import { ProtocolError, types } from './tenon-1-frames.mjs';
import * as payloads from './tenon-1-payloads.mjs';
import { Inbox } from './tenon-1-stream.mjs';

const empty = Buffer.alloc(0);

/** What a call or a connection ends with: gRPC's number, and whether the handler ran. */
export class CallError extends Error {
  /**
   * @param {number} code
   * @param {string} message
   * @param {{ executed?: string, record?: object, details?: unknown }} [more]
   */
  constructor(code, message, { executed = 'maybe', record = {}, details } = {}) {
    super(message);
    Object.assign(this, { code, executed, record, details });
  }
}

/**
 * A call under way. `reply` resolves with `{ value, metadata }` where one reply comes; where many come, `head` resolves
 * with their metadata, and iterating the call gives them.
 */
export class Call {
  /** Set by CREDIT, spent by SendCredit. */
  credit;
  /** Whether the server reads no more requests: it has said STOP, we have said END, or the call is over. */
  takesNoMore = false;
  isOver = false;
  #context;
  #inbox;
  #pieces;
  #replyMetadata;
  #hasHead = false;
  #settle = {};
  #deadline;

  /** `context` is what the client shares with its calls: `{ link, sendCredit, heardKeys, codecs, accepted, server }`. */
  constructor({ id, kind, codec, timeoutMs, context, onOver }) {
    Object.assign(this, { id, kind });
    this.credit = context.server.limits.window;
    this.onOver = onOver;
    this.codec = codec;
    this.#context = context;
    this.#inbox = new Inbox(context.link, id, context.accepted);
    if (this.#repliesStream) this.head = this.#promise('head');
    else this.reply = this.#promise('reply');
    if (timeoutMs !== undefined) this.#deadline = setTimeout(() => this.cancel(4, 'the time has run out'), timeoutMs);
  }

  get #repliesStream() {
    return this.kind === 'server' || this.kind === 'bidi';
  }

  /** Sends one request of a stream, as fast as the server takes it; one at a time. False where it takes no more. */
  send(value) {
    const bytes = this.codec.encode(value);
    const { messageBytes } = this.#context.server.limits;
    if (bytes.length > messageBytes) throw new CallError(8, `a message of ${bytes.length} bytes`);
    return this.#context.sendCredit.send(this, bytes);
  }

  /** All requests are sent. */
  end() {
    if (this.takesNoMore) return;
    this.takesNoMore = true;
    this.#context.link.send(types.END, this.id, empty);
  }

  /** Ends the call. After its end it does nothing. */
  cancel(code = 1, reason = 'cancelled', executed = 'maybe') {
    if (this.isOver) return;
    this.#context.link.send(types.CANCEL, this.id, Buffer.from([code === 4 ? 4 : 1]));
    this.finish(new CallError(code, reason, { executed }));
  }

  /** The replies of a stream. Leaving the loop early cancels the call. */
  async *[Symbol.asyncIterator]() {
    try {
      for (let bytes = await this.#inbox.next(); bytes !== undefined; bytes = await this.#inbox.next()) {
        yield this.codec.decode(bytes);
      }
    } finally {
      this.cancel();
    }
  }

  onFrame({ name, more, payload }) {
    const allowed = this.#repliesStream ? ['HEAD', 'DATA', 'END'] : ['REPLY', 'REST'];
    if (![...allowed, 'ERROR', 'STOP', 'CREDIT'].includes(name))
      throw new ProtocolError(`${name} in a ${this.kind} call`);
    if (name === 'REPLY') this.#onReply(payloads.readReply(payload), more);
    else if (name === 'REST') this.#onPiece(payload, more);
    else if (name === 'HEAD') this.#onHead(payloads.readReply(payload));
    else if (name === 'DATA') this.#onData(payload, more);
    else if (name === 'ERROR') this.#onError(payloads.readError(payload));
    else if (name === 'CREDIT') this.#context.sendCredit.add(payloads.readNumber(payload, 4), this);
    else if (payload.length > 0) throw new ProtocolError(`${name} is empty`);
    else if (name === 'END') this.#onEnd();
    else this.#stop();
  }

  /** The call is over, well or with `error`. */
  finish(error) {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.#deadline);
    this.#stop();
    this.#inbox.finish(error);
    // Where there is no error, it is resolved already.
    for (const { reject } of Object.values(this.#settle)) reject(error);
    this.onOver();
  }

  #onReply({ metadata, reply }, more) {
    if (this.#pieces !== undefined) throw new ProtocolError('REPLY comes once');
    this.#replyMetadata = this.#context.heardKeys.read(metadata);
    this.#pieces = [];
    this.#onPiece(reply, more);
  }

  #onPiece(piece, more) {
    if (this.#pieces === undefined) throw new ProtocolError('REST before REPLY');
    this.#pieces.push(piece);
    const bytes = this.#pieces.reduce((sum, { length }) => sum + length, 0);
    if (bytes > this.#context.accepted.messageBytes) this.cancel(8, 'the reply is too large', 'yes');
    else if (!more) {
      this.#settle.reply.resolve({
        value: this.codec.decode(Buffer.concat(this.#pieces)),
        metadata: this.#replyMetadata,
      });
      this.finish();
    }
  }

  #onHead({ metadata, reply }) {
    if (this.#hasHead || reply.length > 0) throw new ProtocolError('HEAD comes once, and has metadata only');
    this.#hasHead = true;
    this.#settle.head.resolve(this.#context.heardKeys.read(metadata));
  }

  #onData(piece, more) {
    if (!this.#hasHead) throw new ProtocolError('DATA before HEAD');
    if (!this.#inbox.add(piece, more)) this.cancel(8, 'a message is too large');
  }

  #onEnd() {
    if (!this.#hasHead) throw new ProtocolError('END before HEAD');
    if (this.#inbox.isInsideMessage) throw new ProtocolError('END inside a message');
    this.finish();
  }

  #onError({ code, executed, record, codec, details }) {
    const codecs = Object.values(this.#context.codecs);
    if (codec !== 0xff && codecs[codec] === undefined) throw new ProtocolError(`codec ${codec} is none of ours`);
    const decoded = codec === 0xff ? undefined : codecs[codec].decode(details);
    this.finish(new CallError(code, record.message, { executed, record, details: decoded }));
  }

  #stop() {
    this.takesNoMore = true;
    this.#context.sendCredit.wake();
  }

  #promise(name) {
    const promise = new Promise((resolve, reject) => {
      this.#settle[name] = { resolve, reject };
    });
    // Who never asks for it, as who only iterates, gets the error there.
    promise.catch(() => undefined);
    return promise;
  }
}
