import {
  type Call,
  type Clock,
  type Connection,
  checkedMetadata,
  clientStreams,
  type Reply,
  ServiceError,
} from '@tenon/contract';
import { type CodecSet, type DeadlineWheel, LifeSigns } from '@tenon/contract/authoring';
import { encoded } from '../encoded.js';
import {
  framePart,
  frameTypes,
  headAndBody,
  headed,
  malformed,
  maxHeadBytes,
  noBytes,
  numbersContent,
  numbersIn,
} from '../frame.js';
import { FrameAssembly, type PartBudget } from '../frame-assembly.js';
import { openContent } from '../heads.js';
import type { Wire } from '../wire.js';
import { type CallLine, OutgoingCall } from './outgoing-call.js';
import { Pulse } from './pulse.js';

/** What a connection works with. */
export interface NatsConnectionParts {
  readonly wire: Wire;
  readonly codecs: CodecSet;
  readonly clock: Clock;
  /** Shared by the connections of one transport, as is `budget`. */
  readonly wheel: DeadlineWheel;
  readonly budget: PartBudget;
  readonly defaultContentType: string;
  /** The subject on which the node listens. */
  readonly subject: string;
  /** The id of the node that was dialled, empty where only an address was known. */
  readonly node: string;
  /** Where answers come to, without a call's own token. */
  readonly inbox: string;
  readonly signIntervalMs: number;
  /** Hears of the end, once. */
  readonly ended: () => void;
}

/** The asking side: calls of one node, which is known by its subject. */
export class NatsClientConnection implements Connection {
  readonly #parts: NatsConnectionParts;
  readonly #calls = new Map<number, UnderWay>();
  readonly #signs: LifeSigns;
  readonly #pulse: Pulse;
  #state: 'open' | 'draining' | 'closed' = 'open';
  #whenIdle: (() => void)[] = [];
  #lastCall = 0;
  #hasLeft = false;
  #maxMessageBytes = 0;
  #onGreeting: ((refusal?: ServiceError) => void) | undefined;

  constructor(parts: NatsConnectionParts) {
    this.#parts = parts;
    this.#signs = new LifeSigns(parts.clock);
    this.#pulse = new Pulse(parts.clock, parts.signIntervalMs, {
      ask: () => this.#ask(),
      silent: (forMs) => this.#loseAll(`nothing was heard of the node for ${Math.round(forMs)} ms`),
    });
  }

  get ended(): boolean {
    return this.#hasLeft;
  }

  /** Makes itself known to the node. Rejects with `Unavailable`, `executed: 'no'`, where nobody is there or answers. */
  greet(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onGreeting = (refusal) => {
        this.#onGreeting = undefined;
        if (refusal === undefined) resolve();
        else reject(refusal);
      };
      try {
        this.#sendPing([]);
      } catch (refusal) {
        this.#onGreeting(ServiceError.from(refusal));
      }
    });
  }

  unary(call: Call): Promise<Reply> {
    return this.#start(call);
  }

  stream(call: Call): Promise<Reply> {
    return this.#start(call);
  }

  async probe(timeoutMs: number): Promise<boolean> {
    if (this.#state === 'closed') return false;
    const answer = this.#signs.within(timeoutMs);
    try {
      this.#sendPing([]);
    } catch {
      this.#signs.end();
    }
    return answer;
  }

  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    if (this.#calls.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    await this.close();
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#signs.end();
    this.#onGreeting?.(new ServiceError('Unavailable', 'the connection was closed', { executed: 'no' }));
    for (const { call } of [...this.#calls.values()]) {
      call.fail(new ServiceError('Unavailable', 'the connection was closed during the call', { executed: 'maybe' }));
    }
    const { wire, wheel, subject, ended } = this.#parts;
    wire.trySend(subject, frameTypes.bye, noBytes, this.#control);
    this.#pulse.stop();
    if (wheel.size === 0) wheel.close();
    ended();
  }

  /** The link to NATS broke, and with it whatever was on its way. */
  linkLost(): void {
    this.#signs.end();
    this.#onGreeting?.(new ServiceError('Unavailable', 'the connection to NATS broke', { executed: 'no' }));
    this.#loseAll('the connection to NATS broke');
  }

  /**
   * Takes what came for this connection.
   *
   * @param token - the last of the subject: `p`, or the number of a call, with an `o` where it answers what opened it.
   */
  receive(token: string, data: Uint8Array, isNoResponders: boolean): void {
    if (isNoResponders) {
      this.#unheard(token);
      return;
    }
    const part = framePart(data);
    if (part === undefined) return;
    this.#pulse.heard();
    if (token === controlToken) {
      this.#takeControl(part.type, part.content);
      return;
    }
    const one = this.#calls.get(Number(token));
    if (one === undefined) return;
    try {
      const frame = one.assembly.take(part);
      if (frame !== undefined) one.call.receive(frame);
    } catch (thrown) {
      one.call.fail(ServiceError.from(thrown).with({ executed: 'maybe' }));
    }
  }

  #start(call: Call): Promise<Reply> {
    try {
      this.#admit(call);
      const { wire, codecs, clock, wheel, budget, subject, inbox } = this.#parts;
      const codec = codecs.of(call.contentType ?? this.#parts.defaultContentType);
      const content = this.#opening(call, codec.contentType);
      this.#lastCall = (this.#lastCall + 1) % 2 ** 32;
      const id = this.#lastCall;
      const line: CallLine = {
        maxMessageBytes: this.#maxMessageBytes,
        send: (type, frame) => wire.trySend(subject, type, frame, `${inbox}.${id}`),
        ended: () => this.#ended(id),
      };
      const outgoing = new OutgoingCall({ call, codec, wheel, line });
      wire.send(subject, frameTypes.open, content, `${inbox}.${id}${openToken}`);
      const assembly = new FrameAssembly(this.#maxMessageBytes + maxHeadBytes + 4, budget);
      this.#calls.set(id, { call: outgoing, assembly, openedAt: clock.now() });
      this.#pulse.start();
      outgoing.start();
      return outgoing.reply;
    } catch (thrown) {
      return Promise.reject(ServiceError.from(thrown));
    }
  }

  #opening(call: Call, contentType: string): Buffer {
    const { codecs, clock, node } = this.#parts;
    const { service, name, kind, request } = call.endpoint;
    const head = {
      service,
      endpoint: name,
      kind,
      node: node === '' ? undefined : node,
      metadata: checkedMetadata(call.metadata),
      contentType,
      timeLeftMs: call.deadline - clock.now(),
    };
    if (clientStreams(kind)) return openContent(head);
    return openContent(head, encoded(codecs.of(contentType), call.value, request, this.#maxMessageBytes));
  }

  #admit(call: Call): void {
    const refuse = (code: 'FailedPrecondition' | 'Unavailable' | 'DeadlineExceeded', message: string) =>
      new ServiceError(code, message, { executed: 'no' });
    if (this.#state === 'closed') throw refuse('FailedPrecondition', 'the connection is closed');
    if (this.#state === 'draining') throw refuse('Unavailable', 'the connection is draining');
    if (this.#hasLeft) throw refuse('Unavailable', 'the node is leaving').with({ refusal: 'draining', answered: true });
    const canceled = call.cancellation?.canceled;
    if (canceled !== undefined) throw canceled.with({ executed: 'no' });
    if (call.deadline <= this.#parts.clock.now()) {
      throw refuse('DeadlineExceeded', 'the deadline had passed before the call was sent');
    }
  }

  /** What is not about one call: what the node says of itself. */
  #takeControl(type: number, content: Uint8Array): void {
    if (type === frameTypes.away) this.#hasLeft = true;
    if (type !== frameTypes.pong) return;
    this.#signs.heard();
    try {
      const { head, body } = headAndBody(content);
      const { maxMessageBytes } = head;
      if (typeof maxMessageBytes !== 'number' || !(maxMessageBytes > 0)) throw malformed('it names no limit');
      this.#maxMessageBytes = maxMessageBytes;
      for (const id of numbersIn(body))
        this.#calls.get(id)?.call.lost('the node forgot the call: it lost its connection');
      this.#onGreeting?.();
    } catch (thrown) {
      this.#onGreeting?.(ServiceError.from(thrown).with({ executed: 'no' }));
    }
  }

  /** The server says that nobody listens on the node's subject. */
  #unheard(token: string): void {
    if (token.endsWith(openToken)) {
      this.#calls.get(Number(token.slice(0, -1)))?.call.unheard();
      return;
    }
    this.#signs.end();
    const nobody = `nobody listens on ${this.#parts.subject}`;
    this.#onGreeting?.(new ServiceError('Unavailable', nobody, { executed: 'no' }));
    this.#loseAll('the node left');
  }

  #loseAll(why: string): void {
    for (const { call } of [...this.#calls.values()]) call.lost(why);
  }

  /** Names the calls that have been under way for a while, so that either side learns what the other has lost. */
  #ask(): void {
    const longAgo = this.#parts.clock.now() - this.#parts.signIntervalMs / 2;
    const old: number[] = [];
    for (const [id, { openedAt }] of this.#calls) {
      if (openedAt > longAgo || old.length === maxNamedCalls) break;
      old.push(id);
    }
    try {
      this.#sendPing(old);
    } catch {
      // The link tells everybody concerned.
    }
  }

  #sendPing(calls: readonly number[]): void {
    const { wire, subject, signIntervalMs } = this.#parts;
    wire.send(subject, frameTypes.ping, headed({ everyMs: signIntervalMs }, numbersContent(calls)), this.#control);
  }

  get #control(): string {
    return `${this.#parts.inbox}.${controlToken}`;
  }

  #ended(id: number): void {
    const one = this.#calls.get(id);
    one?.assembly.drop();
    this.#calls.delete(id);
    if (this.#calls.size > 0) return;
    this.#pulse.stop();
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }
}

interface UnderWay {
  readonly call: OutgoingCall;
  readonly assembly: FrameAssembly;
  readonly openedAt: number;
}

const controlToken = 'p';
const openToken = 'o';
/** Four bytes each: little enough for any server's `max_payload`. */
const maxNamedCalls = 10_000;
