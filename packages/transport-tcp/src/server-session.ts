import { type CallHandler, type Logger, type Peer, ServiceError } from '@tenon/contract';
import type { DeadlineWheel } from '@tenon/contract/authoring';
import type { BufferPool } from './buffer-pool.js';
import { ConnectionCodecs } from './connection-codecs.js';
import { ConnectionCredit, costOf } from './connection-credit.js';
import { empty, readCancel, readCredit } from './control-payload.js';
import { kindOfNumber } from './endpoint-names.js';
import { writeError } from './error-payload.js';
import {
  callFrame,
  cancelFrame,
  creditFrame,
  dataFrame,
  endFrame,
  learnFrame,
  maxNameBytes,
  maxNamedEndpoints,
  moreFlag,
  namedEndpoint,
  namedKey,
  nameFrame,
  restFrame,
  slotOf,
  turnAfter,
  turnOf,
} from './frame.js';
import type { FrameWriter } from './frame-writer.js';
import type { Hello } from './hello.js';
import { inTurns } from './in-turns.js';
import type { IncomingLimits } from './incoming-stream.js';
import { Assemblies, maxAssembledBytes } from './message-assembly.js';
import { PayloadCursor } from './payload-cursor.js';
import { ProtocolViolation } from './protocol-violation.js';
import { requestTooLong } from './served-errors.js';
import { type ServedEndpoint, ServerCall, type ServerWay } from './server-call.js';
import { longMessageBytes, type TurnQueue } from './turn-queue.js';
import type { WireContext } from './wire-context.js';
import type { WireLimits } from './wire-limits.js';
import { MetadataReader, MetadataWriter } from './wire-metadata.js';

/** What a session is made of. */
export interface ServerSessionParts {
  readonly context: WireContext;
  readonly writer: FrameWriter;
  readonly handler: CallHandler;
  readonly peer: Peer;
  readonly hello: Hello;
  /** What this side takes, as it stands in WELCOME. */
  readonly limits: WireLimits;
  /** When the bytes that are being taken arrived. */
  readonly heardAt: () => number;
  /** Called whenever the last call under way is over. */
  readonly onIdle: () => void;
}

/** The calls of one connection, from WELCOME to its end, on the server's side. */
export class ServerSession implements ServerWay {
  readonly writer: FrameWriter;
  readonly credit: ConnectionCredit;
  readonly codecs: ConnectionCodecs;
  readonly maxMessageBytes: number;
  readonly service: string;
  readonly node: string | undefined;
  readonly peer: Peer;
  readonly handler: CallHandler;
  readonly wheel: DeadlineWheel;
  readonly metadataWriter: MetadataWriter;
  readonly assemblies = new Assemblies(maxAssembledBytes);
  readonly turns: TurnQueue;
  readonly buffers: BufferPool;
  readonly takes: IncomingLimits;
  readonly streamWindow: number;
  readonly #logger: Logger;
  readonly #limits: WireLimits;
  readonly #heardAt: () => number;
  readonly #onIdle: () => void;
  readonly #cursor = new PayloadCursor();
  readonly #metadataReader = new MetadataReader();
  readonly #endpoints: (ServedEndpoint | undefined)[] = [];
  /** The calls under way, and the present or last turn of each slot that was used. */
  readonly #calls: (ServerCall | undefined)[] = [];
  readonly #turns: (number | undefined)[] = [];
  #unary = 0;
  #streams = 0;
  #refusal: ServiceError | undefined;

  constructor(parts: ServerSessionParts) {
    const { context, writer, handler, peer, hello, limits } = parts;
    this.#logger = context.logger;
    this.#limits = limits;
    this.#heardAt = parts.heardAt;
    this.#onIdle = parts.onIdle;
    this.writer = writer;
    this.handler = handler;
    this.peer = peer;
    this.service = hello.service;
    this.node = hello.node === '' ? undefined : hello.node;
    this.wheel = context.wheel;
    this.turns = context.turns;
    this.buffers = context.buffers;
    this.codecs = new ConnectionCodecs(context.codecs, hello, writer);
    this.credit = new ConnectionCredit(
      writer,
      context.budget,
      this.assemblies,
      limits.connectionWindow,
      hello.limits.connectionWindow,
    );
    this.maxMessageBytes = Math.min(hello.limits.messageBytes, limits.messageBytes);
    this.streamWindow = hello.limits.window;
    this.takes = { maxMessageBytes: limits.messageBytes, windowBytes: limits.window };
    this.metadataWriter = new MetadataWriter(writer);
  }

  get heardAt(): number {
    return this.#heardAt();
  }

  /** Calls under way. */
  get size(): number {
    return this.#unary + this.#streams;
  }

  /** From now on new calls are answered with that error. */
  refuse(reason: ServiceError): void {
    this.#refusal = reason;
  }

  over(call: ServerCall): void {
    this.#calls[slotOf(call.id)] = undefined;
    if (call.kind === 'unary') this.#unary -= 1;
    else this.#streams -= 1;
    if (this.#unary + this.#streams === 0) this.#onIdle();
  }

  note(message: string, error: unknown): void {
    this.#logger.debug(message, { service: this.service, error });
  }

  /** Ends what is under way: clients and handlers are told. */
  abandonAll(reason: ServiceError): void {
    for (const call of this.#underWay()) call.abandon(reason);
  }

  /** The connection is gone. */
  end(reason: ServiceError): void {
    this.credit.close();
    inTurns(this.#underWay(), (call) => call.cancel(reason));
  }

  /** @throws ProtocolViolation */
  callFrame(type: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (type === callFrame) {
      this.#begin(id, buffer, start, end, false);
      return;
    }
    if (type === (callFrame | moreFlag)) {
      this.#begin(id, buffer, start, end, true);
      return;
    }
    if (type === dataFrame || type === (dataFrame | moreFlag)) this.credit.arrived(costOf(end - start));
    const call = this.#calls[slotOf(id)];
    if (call === undefined || call.id !== id || call.over) this.#dropLate(type, id, start, end, call);
    else this.#take(call, type, buffer, start, end);
  }

  /** @throws ProtocolViolation */
  connectionFrame(type: number, buffer: Buffer, start: number, end: number): void {
    switch (type) {
      case creditFrame:
        this.credit.granted(readCredit(buffer, start, end));
        return;
      case learnFrame:
        this.codecs.learn(buffer, start, end);
        return;
      case nameFrame:
        this.#learnName(buffer, start, end);
        return;
      default:
        throw new ProtocolViolation(`a frame of type ${type} from a client`);
    }
  }

  #take(call: ServerCall, type: number, buffer: Buffer, start: number, end: number): void {
    switch (type) {
      case dataFrame:
        call.data(buffer, start, end, false);
        return;
      case creditFrame:
        call.granted(readCredit(buffer, start, end));
        return;
      case endFrame:
        empty(start, end);
        call.clientEnded();
        return;
      case cancelFrame:
        call.cancel(readCancel(buffer, start, end));
        return;
      case dataFrame | moreFlag:
        call.data(buffer, start, end, true);
        return;
      case restFrame:
        call.rest(buffer, start, end, false);
        return;
      case restFrame | moreFlag:
        call.rest(buffer, start, end, true);
        return;
      default:
        throw new ProtocolViolation(`a frame of type ${type} from a client`);
    }
  }

  #begin(id: number, buffer: Buffer, start: number, end: number, more: boolean): void {
    const slot = this.#open(id);
    if (end - start < callHeadBytes) throw new ProtocolViolation('a CALL without its head');
    const endpoint = this.#endpoints[((buffer[start] as number) << 8) | (buffer[start + 1] as number)];
    if (endpoint === undefined) throw new ProtocolViolation('a call to an endpoint that was never named');
    const codec = this.codecs.told(buffer[start + 2] as number);
    const entries = buffer[start + 3] as number;
    const leftMicros = buffer.readUInt32BE(start + 4);
    const cursor = this.#cursor.over(buffer, start + callHeadBytes, end);
    const metadata = this.#metadataReader.read(cursor, entries);
    const bodyStart = cursor.position;
    const unary = endpoint.kind === 'unary';
    const hasRequest = unary || endpoint.kind === 'server';
    if (!hasRequest && (more || bodyStart !== end)) throw new ProtocolViolation('a request where the client streams');

    const refusal = this.#refusal ?? this.#overLimit(unary, end - bodyStart);
    if (refusal !== undefined) {
      writeError(this.writer, id, refusal, undefined);
      return;
    }
    const deadline = leftMicros === 0 ? Number.POSITIVE_INFINITY : this.#heardAt() + leftMicros / 1_000;
    const call = new ServerCall(this, id, endpoint, codec, metadata, deadline, buffer, bodyStart, end);
    this.#calls[slot] = call;
    if (unary) this.#unary += 1;
    else this.#streams += 1;
    if (more) call.assemble(buffer, bodyStart, end, true);
    else if (end - bodyStart <= longMessageBytes) call.serve(false);
    else call.serveInTurn();
  }

  /** Checks that a call may begin with that id, and notes that it has. */
  #open(id: number): number {
    const limits = this.#limits;
    const slot = slotOf(id);
    if (slot >= limits.calls + limits.streams) throw new ProtocolViolation(`there is no slot ${slot}`);
    if (this.#calls[slot] !== undefined) throw new ProtocolViolation(`the call in slot ${slot} is not over`);
    const turn = turnAfter(this.#turns[slot]);
    if (turnOf(id) !== turn) throw new ProtocolViolation(`the turn of slot ${slot} is ${turn}`);
    this.#turns[slot] = turn;
    return slot;
  }

  #overLimit(unary: boolean, requestBytes: number): ServiceError | undefined {
    const limits = this.#limits;
    if (unary ? this.#unary >= limits.calls : this.#streams >= limits.streams) {
      const text = unary ? `${limits.calls} calls` : `${limits.streams} streams`;
      const message = `${text} are under way on this connection`;
      return ServiceError.refusal('ResourceExhausted', message, { executed: 'no', refusal: 'overloaded' });
    }
    return requestBytes > limits.messageBytes ? requestTooLong(limits.messageBytes) : undefined;
  }

  /** A frame for a call that is over is late; one for a slot that was never used is wrong. */
  #dropLate(type: number, id: number, start: number, end: number, call: ServerCall | undefined): void {
    if (this.#turns[slotOf(id)] === undefined) throw new ProtocolViolation('a frame about a call that was never made');
    const plain = type & ~moreFlag;
    if (plain === dataFrame) this.credit.giveBack(costOf(end - start));
    else if (plain === cancelFrame && call !== undefined && call.id === id)
      call.cancel(new ServiceError('Canceled', 'the caller gave up'));
    else if (![endFrame, cancelFrame, creditFrame, restFrame].includes(plain)) {
      throw new ProtocolViolation(`a frame of type ${type} from a client`);
    }
  }

  #learnName(buffer: Buffer, start: number, end: number): void {
    const cursor = this.#cursor.over(buffer, start, end);
    const what = cursor.byte();
    const number = (cursor.byte() << 8) | cursor.byte();
    const kind = kindOfNumber(cursor.byte());
    const bytes = cursor.varint();
    if (bytes < 1 || bytes > maxNameBytes) throw new ProtocolViolation(`a name of ${bytes} bytes`);
    const name = cursor.text(bytes);
    if (what === namedKey) {
      this.#metadataReader.learn(number, name);
      return;
    }
    if (what !== namedEndpoint) throw new ProtocolViolation(`NAME of something of sort ${what}`);
    if (number >= maxNamedEndpoints) throw new ProtocolViolation(`an endpoint with the number ${number}`);
    if (this.#endpoints[number] !== undefined) {
      throw new ProtocolViolation(`a second endpoint with the number ${number}`);
    }
    if (kind === undefined) throw new ProtocolViolation('an endpoint of an unknown kind');
    this.#endpoints[number] = { name, kind };
  }

  #underWay(): readonly ServerCall[] {
    return this.#calls.filter((call) => call !== undefined);
  }
}

const callHeadBytes = 8;
