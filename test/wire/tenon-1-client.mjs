// A client of tenon/1, written from docs/wire/tenon-1.md alone: plain JavaScript, nothing of Tenon. It works, and it is the
// sample for implementers in other languages; the layers below it are in the files beside it.
import { connect as connectTcp } from 'node:net';
import { Call, CallError } from './tenon-1-call.mjs';
import { callId, ProtocolError, preamble, types } from './tenon-1-frames.mjs';
import { Link } from './tenon-1-link.mjs';
import * as payloads from './tenon-1-payloads.mjs';
import { ReceiveCredit, SendCredit } from './tenon-1-stream.mjs';

/** The codecs that are used where none are given, by media type. */
export const json = Object.freeze({
  'application/json': {
    encode: (value) => Buffer.from(JSON.stringify(value)),
    decode: (bytes) => JSON.parse(bytes.toString()),
  },
});

/**
 * Connects and greets. Rejects with a CallError, `no`, where the server refuses or cannot be reached.
 *
 * @param options.limits what is accepted from the server, as in HELLO
 */
export function connect({ host = '127.0.0.1', port, service, node = '', codecs = json, limits = {} }) {
  return new Promise((resolve, reject) => {
    const client = new Client(connectTcp(port, host), { service, node, codecs, limits }, (error) =>
      error === undefined ? resolve(client) : reject(error),
    );
  });
}

class Client {
  /** What the server said in WELCOME. */
  welcome;
  /** Resolves with `{ code, reason }` when the connection has ended, for whatever reason. */
  ended;
  #greeted;
  #onEnded;
  #link;
  #context;
  #receiveCredit;
  #endpoints = new Map();
  #toldKeys = new payloads.KeyBook();
  #slots = [];
  #freeSlots = [];
  #underWay = { calls: 0, streams: 0 };
  #waitingForSlot = [];
  #goingAway = false;
  #tooLate;

  constructor(socket, { service, node, codecs, limits }, greeted) {
    this.#greeted = greeted;
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve;
    });
    this.#link = new Link(socket, this);
    const accepted = { ...payloads.defaultLimits, ...limits };
    this.#receiveCredit = new ReceiveCredit(this.#link, accepted.connectionWindow);
    this.#context = { link: this.#link, heardKeys: new payloads.KeyBook(), codecs, accepted };
    this.#tooLate = setTimeout(() => this.#link.close(14, 'no WELCOME within 5 s'), 5_000);
    socket.write(preamble);
    this.#link.send(types.HELLO, 0, payloads.greetingBytes({ service, node, codecs: Object.keys(codecs), limits }));
  }

  /** One request, one reply: `{ value, metadata }`. Options: `metadata`, `timeoutMs`. */
  async unary(endpoint, request, options) {
    return (await this.open('unary', endpoint, request, options)).reply;
  }

  /**
   * Begins a call of any kind, once the server's limits have room for it; resolves when its request is sent. Of a server
   * stream iterate the call; to a client stream `await call.send(value)`, then `call.end()` and `await call.reply`.
   */
  async open(kind, endpoint, request, { metadata = {}, timeoutMs } = {}) {
    const until = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    const { codec, position } = this.#chooseCodec();
    const bytes = request === undefined ? Buffer.alloc(0) : codec.encode(request);
    if (bytes.length > this.welcome.limits.messageBytes) {
      throw new CallError(8, `a request of ${bytes.length} bytes`, { executed: 'no' });
    }
    const sort = kind === 'unary' ? 'calls' : 'streams';
    while (this.#underWay[sort] >= this.welcome.limits[sort] && !this.#goingAway) {
      await new Promise((resume) => this.#waitingForSlot.push(resume));
    }
    if (this.#goingAway) throw new CallError(14, 'the connection ends', { executed: 'no' });
    const leftMs = until - performance.now();
    const timeLeftUs = leftMs === Number.POSITIVE_INFINITY ? 0 : Math.floor(leftMs * 1_000);
    if (timeLeftUs < 1 && timeoutMs !== undefined) throw new CallError(4, 'no time is left', { executed: 'no' });

    const call = this.#claimSlot(sort, { kind, codec, timeoutMs: timeoutMs && leftMs });
    const head = payloads.callBytes({
      endpoint: this.#tell(endpoint, kind),
      codec: position,
      timeLeftUs,
      metadata: this.#toldKeys.write(metadata, (number, name) => this.#sendName({ number, name })),
      request: Buffer.alloc(0),
    });
    await this.#link.sendWhole(types.CALL, call.id, head, bytes, () => call.isOver);
    return call;
  }

  /** Resolves with whether the server has answered. */
  ping() {
    return this.#link.ping();
  }

  /** Says GOAWAY 0: no further calls, and the end when the last one is over. */
  async drain() {
    this.#link.send(types.GOAWAY, 0, payloads.goawayBytes({ code: 0, reason: 'draining' }));
    this.#goAway();
    await this.#link.closed;
  }

  /** Ends every call. */
  async close() {
    this.#link.close(14, 'the client stops');
    await this.#link.closed;
  }

  isBusy() {
    return this.#underWay.calls + this.#underWay.streams > 0;
  }

  onFrame(frame) {
    const { type, name, call: id, payload } = frame;
    if (type === types.GOAWAY) this.#onGoaway(payloads.readGoaway(payload));
    else if ((type === types.WELCOME) !== (this.welcome === undefined)) throw new ProtocolError(`${name} out of order`);
    else if (type === types.WELCOME) this.#onWelcome(payloads.readGreeting(payload));
    else if (type === types.NAME) this.#onName(payloads.readName(payload));
    else if (id === 0 && type === types.CREDIT) this.#context.sendCredit.add(payloads.readNumber(payload, 4));
    else if (id === 0) throw new ProtocolError(`${name} from a server`);
    else this.#onCallFrame(frame);
  }

  onEnd({ code, reason }) {
    clearTimeout(this.#tooLate);
    this.#goingAway = true;
    const error = (executed) => new CallError(code === 0 ? 14 : code, reason, { executed });
    if (this.welcome === undefined) this.#greeted(error('no'));
    for (const { call } of this.#slots) call?.finish(error('maybe'));
    for (const resume of this.#waitingForSlot.splice(0)) resume();
    this.#onEnded({ code, reason });
  }

  #onWelcome(welcome) {
    clearTimeout(this.#tooLate);
    this.welcome = welcome;
    this.#link.isGreeted = true;
    this.#context.server = welcome;
    this.#context.sendCredit = new SendCredit(this.#link, welcome.limits.connectionWindow);
    this.#greeted();
  }

  #onGoaway({ code, reason }) {
    if (code === 0 && this.welcome !== undefined) this.#goAway();
    else this.#link.leave({ code, reason });
  }

  #goAway() {
    this.#goingAway = true;
    for (const resume of this.#waitingForSlot.splice(0)) resume();
    if (!this.isBusy()) this.#link.leave({ code: 0, reason: 'drained' });
  }

  #onName({ what, number, name }) {
    if (what !== 'key') throw new ProtocolError('an endpoint from a server');
    this.#context.heardKeys.learn({ number, name });
  }

  /** A frame for a call that is over, or for an earlier one in its slot, is late: its bytes count, else it is ignored. */
  #onCallFrame(frame) {
    if (frame.type === types.DATA) this.#receiveCredit.take(frame.payload.length);
    const slot = this.#slots[frame.call % 0x1_0000];
    if (slot === undefined) throw new ProtocolError('a frame for a slot that was never used');
    if (slot.call?.id === frame.call) slot.call.onFrame(frame);
  }

  #claimSlot(sort, options) {
    const slot = this.#freeSlots.pop() ?? this.#slots.push({ turn: 0, call: undefined }) - 1;
    const turn = (this.#slots[slot].turn % 65_535) + 1;
    const onOver = () => {
      this.#slots[slot].call = undefined;
      this.#freeSlots.push(slot);
      this.#underWay[sort] -= 1;
      for (const resume of this.#waitingForSlot.splice(0)) resume();
      if (this.#goingAway) this.#goAway();
    };
    const call = new Call({ ...options, id: callId(slot, turn), context: this.#context, onOver });
    this.#slots[slot] = { turn, call };
    this.#underWay[sort] += 1;
    return call;
  }

  /** The server's best codec that is also ours, and its position in the server's list. */
  #chooseCodec() {
    const position = this.welcome.codecs.findIndex((mediaType) => Object.hasOwn(this.#context.codecs, mediaType));
    if (position < 0) throw new CallError(12, 'no codec that both sides have', { executed: 'no' });
    return { codec: this.#context.codecs[this.welcome.codecs[position]], position };
  }

  /** The number of an endpoint, told before its first use. */
  #tell(name, kind) {
    const key = `${kind} ${name}`;
    if (!this.#endpoints.has(key)) {
      this.#endpoints.set(key, this.#endpoints.size);
      this.#sendName({ number: this.#endpoints.get(key), name, kind });
    }
    return this.#endpoints.get(key);
  }

  #sendName(name) {
    this.#link.send(types.NAME, 0, payloads.nameBytes(name));
  }
}
