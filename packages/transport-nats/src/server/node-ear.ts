import type { Msg } from '@nats-io/transport-node';
import { type CallHandler, type Clock, ServiceError } from '@tenon/contract';
import type { CodecSet, OpenCodec } from '@tenon/contract/authoring';
import {
  type Frame,
  type FramePart,
  framePart,
  frameTypes,
  headAndBody,
  headed,
  maxHeadBytes,
  noBytes,
  numbersContent,
  numbersIn,
} from '../frame.js';
import { FrameAssembly, PartBudget } from '../frame-assembly.js';
import { errorContent, openHead } from '../heads.js';
import { plainError } from '../micro/plain-error.js';
import type { Wire } from '../wire.js';
import { type Caller, Callers } from './callers.js';
import { NatsServedCall } from './served-call.js';

interface NodeEarParts {
  readonly wire: Wire;
  readonly codecs: CodecSet;
  readonly clock: Clock;
  readonly handler: CallHandler;
  readonly maxMessageBytes: number;
  readonly signIntervalMs: number;
  /** Hears of the end of each call that was handed on, and how long it took. */
  readonly onEnd: (
    call: { service: string; endpoint: string },
    tookMs: number,
    error: ServiceError | undefined,
  ) => void;
}

/** What comes on the subject of this node: frames of Tenon's clients. */
export class NodeEar {
  readonly #parts: NodeEarParts;
  readonly #budget: PartBudget;
  readonly #callers: Callers;
  /** By the caller's subject. */
  readonly #serving = new Map<string, Serving>();
  readonly #opening = new Map<string, Opening>();
  #state: 'open' | 'draining' | 'closed' = 'open';
  #whenIdle: (() => void)[] = [];

  constructor(parts: NodeEarParts) {
    this.#parts = parts;
    this.#budget = new PartBudget(openedAtOnce * parts.maxMessageBytes);
    this.#callers = new Callers(parts.clock, parts.signIntervalMs, (caller) => this.#callerLost(caller));
  }

  /** Whether no call is under way. */
  get isIdle(): boolean {
    return this.#serving.size === 0;
  }

  receive(message: Msg): void {
    const { reply, data } = message;
    // An answer to nowhere is none, and what wants none is no frame.
    if (reply === undefined || reply === '') return;
    const part = framePart(data);
    if (part === undefined || !callerSubject.test(reply)) {
      const text = 'this subject takes frames of Tenon nodes: call SERVICE.ENDPOINT instead';
      plainError(message, ServiceError.refusal('InvalidArgument', text, { executed: 'no' }));
      return;
    }
    const dot = reply.lastIndexOf('.');
    const caller = this.#callers.heard(`${reply.slice(0, dot)}.p`);
    if (reply.endsWith('.p')) this.#takeControl(part, caller);
    else if (reply.endsWith('o')) this.#takeOpening(part, reply.slice(0, -1), caller);
    else this.#serving.get(reply)?.call.receive(part);
  }

  /** Refuses what is new, and tells callers so. */
  leave(): void {
    if (this.#state === 'open') this.#state = 'draining';
    for (const subject of this.#callers.subjects) this.#parts.wire.trySend(subject, frameTypes.away, noBytes);
  }

  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Ends all calls: the callers are told. */
  abandonAll(why: string): void {
    for (const { call } of [...this.#serving.values()]) {
      call.abandon(new ServiceError('Unavailable', why, { executed: 'maybe' }));
    }
  }

  /** The connection to NATS broke: nobody can be told, and callers hear it when they next ask. */
  linkLost(): void {
    const reason = new ServiceError('Unavailable', 'the connection to NATS broke during the call', {
      executed: 'maybe',
    });
    for (const { call } of [...this.#serving.values()]) call.cancel(reason);
    this.#dropOpenings();
  }

  close(): void {
    this.#state = 'closed';
    this.abandonAll('the server closed before it answered');
    this.#dropOpenings();
    this.#callers.close();
  }

  #takeControl({ type, content }: FramePart, caller: Caller): void {
    if (type === frameTypes.bye) this.#callers.forget(caller.subject);
    if (type !== frameTypes.ping) return;
    const { wire, maxMessageBytes } = this.#parts;
    try {
      const { head, body } = headAndBody(content);
      const { everyMs } = head;
      if (typeof everyMs === 'number') this.#callers.heard(caller.subject, everyMs);
      const base = caller.subject.slice(0, -1);
      const lost = numbersIn(body).filter((id) => !this.#knows(`${base}${id}`));
      wire.trySend(caller.subject, frameTypes.pong, headed({ maxMessageBytes }, numbersContent(lost)));
      if (this.#state !== 'open') wire.trySend(caller.subject, frameTypes.away, noBytes);
    } catch (thrown) {
      wire.trySend(caller.subject, frameTypes.error, errorContent(ServiceError.from(thrown), undefined));
    }
  }

  #knows(subject: string): boolean {
    return this.#serving.has(subject) || this.#opening.has(subject);
  }

  #takeOpening(part: FramePart, from: string, caller: Caller): void {
    if (part.type !== frameTypes.open || this.#serving.has(from)) return;
    let codec: OpenCodec | undefined;
    try {
      const frame = this.#whole(part, from, caller);
      if (frame === undefined) return;
      const { head: fields, body } = headAndBody(frame.content);
      codec = this.#codecOf(fields['contentType']);
      this.#admit(body.length);
      this.#open(from, openHead(fields), body, codec, caller);
    } catch (thrown) {
      const error = ServiceError.from(thrown).with({ executed: 'no' });
      this.#parts.wire.trySend(from, frameTypes.error, errorContent(error, codec));
    }
  }

  /** The frame that opens a call, once its last part is here. */
  #whole(part: FramePart, from: string, caller: Caller): Frame | undefined {
    const { maxMessageBytes } = this.#parts;
    const begun = this.#opening.get(from);
    const assembly = begun?.assembly ?? new FrameAssembly(maxMessageBytes + maxHeadBytes + 4, this.#budget);
    try {
      return assembly.take(part);
    } finally {
      // What begins with its middle is the rest of what was refused.
      if (assembly.isBegun && begun === undefined) {
        this.#opening.set(from, { assembly, caller });
        this.#callers.began(caller);
      } else if (!assembly.isBegun && begun !== undefined) this.#dropOpening(from, begun);
    }
  }

  #open(from: string, head: ReturnType<typeof openHead>, body: Buffer, codec: OpenCodec, caller: Caller): void {
    const { wire, clock, handler, maxMessageBytes, onEnd } = this.#parts;
    const begunAt = clock.now();
    const call = new NatsServedCall({
      head,
      body,
      from: `nats:${from}`,
      codec,
      deadline: begunAt + head.timeLeftMs,
      maxMessageBytes,
      assembly: new FrameAssembly(maxMessageBytes, this.#budget),
      line: {
        send: (type, content) => wire.trySend(from, type, content),
        ended: (error) => {
          this.#ended(from, caller);
          onEnd(head, clock.now() - begunAt, error);
        },
      },
    });
    this.#serving.set(from, { call, caller });
    this.#callers.began(caller);
    call.serve(handler);
  }

  #codecOf(contentType: unknown): OpenCodec {
    return this.#parts.codecs.of(String(contentType));
  }

  #admit(bytes: number): void {
    const { maxMessageBytes } = this.#parts;
    const refuse = (code: 'Unavailable' | 'ResourceExhausted', text: string, refusal?: 'draining' | 'overloaded') =>
      ServiceError.refusal(code, text, { executed: 'no', refusal });
    if (this.#state !== 'open') throw refuse('Unavailable', `the node is ${this.#state}`, 'draining');
    if (this.#serving.size >= maxCalls)
      throw refuse('ResourceExhausted', `${maxCalls} calls are under way already`, 'overloaded');
    if (bytes > maxMessageBytes)
      throw refuse('ResourceExhausted', `a request of ${bytes} bytes is over the limit of ${maxMessageBytes}`);
  }

  #callerLost(caller: Caller): void {
    const reason = new ServiceError('Canceled', 'nothing was heard of the caller', { executed: 'maybe' });
    for (const serving of [...this.#serving.values()]) if (serving.caller === caller) serving.call.cancel(reason);
    for (const [from, opening] of [...this.#opening]) if (opening.caller === caller) this.#dropOpening(from, opening);
  }

  #ended(from: string, caller: Caller): void {
    caller.calls -= 1;
    this.#serving.delete(from);
    if (this.#serving.size > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  #dropOpenings(): void {
    for (const [from, opening] of [...this.#opening]) this.#dropOpening(from, opening);
  }

  #dropOpening(from: string, { assembly, caller }: Opening): void {
    assembly.drop();
    caller.calls -= 1;
    this.#opening.delete(from);
  }
}

interface Opening {
  readonly assembly: FrameAssembly;
  readonly caller: Caller;
}

interface Serving {
  readonly call: NatsServedCall;
  readonly caller: Caller;
}

/** `PREFIX.CONNECTION.CALL`, see docs/wire/nats-transport.md. */
const callerSubject = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.\d{1,10}\.(?:p|\d{1,10}o?)$/;
const maxCalls = 16_384;
/** Requests at the limit that may be half here at a time. */
const openedAtOnce = 16;
