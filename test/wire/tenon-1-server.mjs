// A server of tenon/1, written from docs/wire/tenon-1.md alone, with the two kinds that most services need: unary, and a
// server stream. Plain JavaScript, nothing of Tenon; the layers below it are in the files beside it.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { CallError } from './tenon-1-call.mjs';
import { json } from './tenon-1-client.mjs';
import { callId, ProtocolError, preamble, types } from './tenon-1-frames.mjs';
import { Link } from './tenon-1-link.mjs';
import * as payloads from './tenon-1-payloads.mjs';
import { ReceiveCredit, SendCredit } from './tenon-1-stream.mjs';

const maxPartialBytes = 16 * 1_024 * 1_024;

/**
 * Serves one service on a free port of 127.0.0.1.
 *
 * @param options.endpoints by name `{ kind: 'unary', handle: async (request, context) => reply }`, or
 * `{ kind: 'server', async *handle(request, context) }`; the context is `{ metadata, timeLeftUs, signal, replyMetadata }`
 */
export async function serve({ service, node = '', endpoints, codecs = json, limits = {} }) {
  const connections = new Set();
  const server = createServer((socket) => {
    const connection = new ServedConnection(socket, { service, node, endpoints, codecs, limits });
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const closed = once(server, 'close');
  return {
    port: server.address().port,
    /** Ends every connection. Twice is fine. */
    async close() {
      for (const connection of connections) connection.close(14, 'the server stops');
      if (server.listening) server.close();
      await closed;
    },
    /** Lets calls under way go on, and takes no others. */
    async drain() {
      server.close();
      for (const connection of connections) connection.drain();
      await closed;
    },
  };
}

class ServedConnection {
  #socket;
  #options;
  #limits;
  #link;
  #hello;
  #sendCredit;
  #receiveCredit;
  #endpoints = new Map();
  #heardKeys = new payloads.KeyBook();
  #toldKeys = new payloads.KeyBook();
  #slots = new Map();
  #underWay = new Set();
  #draining = false;
  #tooLate;

  constructor(socket, options) {
    this.#socket = socket;
    this.#options = options;
    this.#limits = { ...payloads.defaultLimits, ...options.limits };
    this.#tooLate = setTimeout(() => socket.destroy(), 5_000);
    socket.once('close', () => clearTimeout(this.#tooLate));
    socket.on('readable', () => this.#readPreamble());
    // Before the first bytes there is nobody to tell; afterwards the link listens as well.
    socket.on('error', () => socket.destroy());
  }

  close(code, reason) {
    if (this.#link === undefined) this.#socket.destroy();
    else this.#link.close(code, reason);
  }

  drain() {
    if (this.#hello === undefined) return this.close(0, 'draining');
    this.#draining = true;
    this.#link.send(types.GOAWAY, 0, payloads.goawayBytes({ code: 0, reason: 'draining' }));
  }

  onEnd({ reason }) {
    clearTimeout(this.#tooLate);
    for (const call of this.#underWay) this.#finish(call, reason);
  }

  onFrame(frame) {
    const { type, name, call: id, payload } = frame;
    if (type === types.GOAWAY) this.#onGoaway(payloads.readGoaway(payload));
    else if ((type === types.HELLO) !== (this.#hello === undefined)) throw new ProtocolError(`${name} out of order`);
    else if (type === types.HELLO) this.#onHello(payloads.readGreeting(payload));
    else if (type === types.NAME) this.#onName(payloads.readName(payload));
    else if (id === 0 && type === types.CREDIT) this.#sendCredit.add(payloads.readNumber(payload, 4));
    else if (type === types.CALL) this.#onCall(frame);
    else if (id !== 0) this.#onCallFrame(frame);
    else throw new ProtocolError(`${name} from a client`);
  }

  #readPreamble() {
    const first = this.#socket.read(preamble.length);
    if (first === null) return;
    this.#socket.removeAllListeners('readable');
    if (!first.equals(preamble)) return this.#socket.destroy();
    this.#link = new Link(this.#socket, this);
    this.#receiveCredit = new ReceiveCredit(this.#link, this.#limits.connectionWindow);
    this.#socket.resume();
  }

  #onGoaway({ code, reason }) {
    // Code 0: the client opens no further calls, and closes after the last.
    if (code !== 0) this.#link.leave({ code, reason });
  }

  #onHello(hello) {
    clearTimeout(this.#tooLate);
    const { service, node, codecs, limits } = this.#options;
    if (hello.service !== service) {
      const isNamed = hello.node !== '' && hello.node !== node;
      return this.#link.close(isNamed ? 14 : 12, `this is ${service}, not ${hello.service}`);
    }
    this.#hello = hello;
    this.#link.isGreeted = true;
    this.#sendCredit = new SendCredit(this.#link, hello.limits.connectionWindow);
    this.#link.send(types.WELCOME, 0, payloads.greetingBytes({ service, node, codecs: Object.keys(codecs), limits }));
  }

  #onName({ what, number, name, kind }) {
    if (what === 'key') return this.#heardKeys.learn({ number, name });
    if (this.#endpoints.has(number)) throw new ProtocolError(`endpoint ${number} is told twice`);
    this.#endpoints.set(number, { name, kind });
  }

  #onCall({ call: id, payload, more }) {
    const slot = id % 0x1_0000;
    const { endpoint, codec, timeLeftUs, metadata, request } = payloads.readCall(payload);
    const named = this.#endpoints.get(endpoint);
    const { mediaType, ours } = this.#codec(codec);
    if (named === undefined) throw new ProtocolError(`endpoint ${endpoint} was never told`);
    if (slot >= this.#limits.calls + this.#limits.streams) throw new ProtocolError(`slot ${slot} is over the limit`);
    const before = this.#slots.get(slot);
    if (before?.isOver === false) throw new ProtocolError(`slot ${slot} is in use`);
    const turn = ((before?.turn ?? 0) % 65_535) + 1;
    if (id !== callId(slot, turn)) throw new ProtocolError(`the next turn of slot ${slot} is ${turn}`);
    const call = {
      id,
      turn,
      ...named,
      mediaType,
      codec: ours,
      credit: this.#hello.limits.window,
      isOver: false,
      pieces: [],
      bytes: 0,
      takesNoMore: false,
      controller: new AbortController(),
      context: { metadata: this.#heardKeys.read(metadata), timeLeftUs, replyMetadata: {} },
    };
    this.#slots.set(slot, call);
    const refusal = this.#refusalOf(call);
    this.#underWay.add(call);
    if (refusal !== undefined) return this.#fail(call, refusal);
    if (timeLeftUs > 0) {
      const timeIsUp = () => this.#fail(call, new CallError(4, 'the time has run out'));
      call.deadline = setTimeout(timeIsUp, timeLeftUs / 1_000);
    }
    this.#addPiece(call, request, more);
  }

  #codec(position) {
    const [mediaType, ours] = Object.entries(this.#options.codecs)[position] ?? [];
    if (ours === undefined) throw new ProtocolError(`codec ${position} is none of ours`);
    return { mediaType, ours };
  }

  #refusalOf({ name, kind }) {
    const no = { executed: 'no' };
    if (this.#draining) return new CallError(14, 'the server is draining', no);
    const served = this.#options.endpoints[name];
    if (served?.kind !== kind) return new CallError(12, `there is no ${kind} endpoint ${name}`, no);
    const sameSort = [...this.#underWay].filter((other) => (other.kind === 'unary') === (kind === 'unary')).length;
    const limit = kind === 'unary' ? this.#limits.calls : this.#limits.streams;
    return sameSort < limit ? undefined : new CallError(8, `${limit} calls are under way`, no);
  }

  /** A frame for a call that is over, or for an earlier one in its slot, is late: its bytes count, else it is ignored. */
  #onCallFrame({ type, name, call: id, payload, more }) {
    if (type === types.DATA) this.#receiveCredit.take(payload.length);
    const call = this.#slots.get(id % 0x1_0000);
    if (call === undefined) throw new ProtocolError('a frame for a slot that was never used');
    if (call.id !== id || call.isOver) return;
    if (type === types.REST && call.pieces !== undefined) this.#addPiece(call, payload, more);
    else if (type === types.CANCEL) this.#finish(call, `cancelled with ${payloads.readNumber(payload, 1)}`);
    else if (type === types.CREDIT) this.#sendCredit.add(payloads.readNumber(payload, 4), call);
    else throw new ProtocolError(`${name} in a call that is ${call.kind}`);
  }

  #addPiece(call, piece, more) {
    call.pieces.push(piece);
    call.bytes += piece.length;
    if (call.bytes > this.#limits.messageBytes) {
      this.#fail(call, new CallError(8, 'the request is too large', { executed: 'no' }));
    } else if (more) this.#boundPartial();
    else {
      const request = Buffer.concat(call.pieces);
      call.pieces = undefined;
      void this.#run(call, request);
    }
  }

  /** Requests that are not whole hold no more than 16 MiB together. */
  #boundPartial() {
    const partial = [...this.#underWay].filter(({ pieces }) => pieces !== undefined);
    const bytes = partial.reduce((sum, call) => sum + call.bytes, 0);
    if (bytes <= maxPartialBytes) return;
    this.#fail(partial.at(-1), new CallError(8, 'too many requests are not whole', { executed: 'no' }));
  }

  async #run(call, bytes) {
    const { handle } = this.#options.endpoints[call.name];
    let executed = 'no';
    try {
      const request = this.#decode(call, bytes);
      executed = 'yes';
      const context = { ...call.context, signal: call.controller.signal };
      if (call.kind === 'unary') await this.#reply(call, await handle(request, context), context.replyMetadata);
      else await this.#stream(call, handle(request, context), context.replyMetadata);
    } catch (error) {
      const known = error instanceof CallError;
      this.#fail(call, new CallError(known ? error.code : 13, error.message, { executed, details: error.details }));
    }
  }

  #decode(call, bytes) {
    try {
      return call.codec.decode(bytes);
    } catch (error) {
      throw new CallError(3, `the request is not ${call.mediaType}: ${error.message}`);
    }
  }

  async #reply(call, value, metadata) {
    const bytes = call.codec.encode(value);
    if (bytes.length > this.#hello.limits.messageBytes) throw new CallError(8, `a reply of ${bytes.length} bytes`);
    if (call.isOver) return;
    const head = payloads.replyBytes({ metadata: this.#told(metadata) });
    await this.#link.sendWhole(types.REPLY, call.id, head, bytes, () => call.isOver);
    this.#finish(call, 'answered');
  }

  async #stream(call, messages, metadata) {
    let hasHead = false;
    const sendHead = () => {
      if (!hasHead && !call.isOver)
        this.#send(types.HEAD, call, payloads.replyBytes({ metadata: this.#told(metadata) }));
      hasHead = true;
    };
    for await (const message of messages) {
      sendHead();
      const bytes = call.codec.encode(message);
      if (bytes.length > this.#hello.limits.messageBytes) throw new CallError(8, `a message of ${bytes.length} bytes`);
      if (!(await this.#sendCredit.send(call, bytes))) return;
    }
    sendHead();
    if (call.isOver) return;
    this.#send(types.END, call, Buffer.alloc(0));
    this.#finish(call, 'answered');
  }

  #fail(call, { code, message, executed, details }) {
    if (call.isOver) return;
    const record = { message, service: this.#options.service, endpoint: call.name, node: this.#options.node };
    const position = this.#hello.codecs.indexOf(call.mediaType);
    const encoded =
      details === undefined || position < 0 ? {} : { codec: position, details: call.codec.encode(details) };
    this.#send(types.ERROR, call, payloads.errorBytes({ code, executed, record, ...encoded }));
    this.#finish(call, message);
  }

  #finish(call, reason) {
    call.isOver = true;
    call.takesNoMore = true;
    call.pieces = undefined;
    clearTimeout(call.deadline);
    this.#underWay.delete(call);
    this.#sendCredit.wake();
    call.controller.abort(new CallError(1, reason));
  }

  #told(metadata) {
    return this.#toldKeys.write(metadata, (number, name) =>
      this.#link.send(types.NAME, 0, payloads.nameBytes({ number, name })),
    );
  }

  #send(type, call, payload) {
    this.#link.send(type, call.id, payload);
  }
}
