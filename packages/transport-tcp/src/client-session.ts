import { type Call, type Clock, type ReplyListener, ServiceError } from '@tenon/contract';
import type { DeadlineWheel } from '@tenon/contract/authoring';
import type { BufferPool } from './buffer-pool.js';
import type { ClientCall, ClientWay, WaitingCall } from './client-call.js';
import { type ConnectionCodec, ConnectionCodecs } from './connection-codecs.js';
import { ConnectionCredit, costOf } from './connection-credit.js';
import { empty, readCredit } from './control-payload.js';
import { EndpointNames, type NamedEndpoint } from './endpoint-names.js';
import { readError } from './error-payload.js';
import {
  creditFrame,
  dataFrame,
  endFrame,
  errorFrame,
  headFrame,
  learnFrame,
  moreFlag,
  namedKey,
  nameFrame,
  replyFrame,
  restFrame,
  stopFrame,
} from './frame.js';
import type { FrameWriter } from './frame-writer.js';
import type { Hello } from './hello.js';
import type { IncomingLimits } from './incoming-stream.js';
import { Assemblies, maxAssembledBytes } from './message-assembly.js';
import { PayloadCursor } from './payload-cursor.js';
import { ProtocolViolation } from './protocol-violation.js';
import { SlotTable, waitingId } from './slot-table.js';
import { StreamCall } from './stream-call.js';
import type { TurnQueue } from './turn-queue.js';
import { UnaryCall } from './unary-call.js';
import { WaitingLine } from './waiting-line.js';
import type { WireContext } from './wire-context.js';
import { MetadataReader, MetadataWriter } from './wire-metadata.js';

/** What a session needs of its link. */
interface Heard {
  readonly writer: FrameWriter;
  /** When the bytes that are being taken arrived. */
  readonly heardAt: number;
}

/** The calls of one connection, from WELCOME to its end, on the client's side. */
export class ClientSession implements ClientWay {
  readonly writer: FrameWriter;
  readonly credit: ConnectionCredit;
  readonly codecs: ConnectionCodecs;
  readonly maxMessageBytes: number;
  readonly wheel: DeadlineWheel;
  readonly #clock: Clock;
  readonly metadataWriter: MetadataWriter;
  readonly metadataReader = new MetadataReader();
  readonly cursor = new PayloadCursor();
  readonly assemblies = new Assemblies(maxAssembledBytes);
  readonly turns: TurnQueue;
  readonly buffers: BufferPool;
  readonly takes: IncomingLimits;
  readonly streamWindow: number;
  readonly node: string | undefined;
  readonly #link: Heard;
  readonly #context: WireContext;
  readonly #service: string;
  readonly #endpoints: EndpointNames;
  readonly #slots = new SlotTable<ClientCall>();
  readonly #unary: WaitingLine;
  readonly #streams: WaitingLine;
  readonly #onIdle: () => void;
  readonly #codecOf = (index: number): ConnectionCodec => this.codecs.told(index);

  /**
   * @param onIdle - called whenever the last call under way is over.
   * @throws ServiceError `FailedPrecondition`, `executed: 'no'`, where the two sides have no codec in common.
   */
  constructor(context: WireContext, link: Heard, hello: Hello, welcome: Hello, onIdle: () => void) {
    const { limits } = welcome;
    const { writer } = link;
    this.#link = link;
    this.writer = writer;
    this.#context = context;
    this.#service = hello.service;
    this.#onIdle = onIdle;
    this.codecs = new ConnectionCodecs(context.codecs, welcome, writer);
    this.#endpoints = new EndpointNames(writer, this.codecs, preferredCodec(this.codecs, context.options.contentType));
    this.credit = new ConnectionCredit(
      writer,
      context.budget,
      this.assemblies,
      hello.limits.connectionWindow,
      limits.connectionWindow,
    );
    this.maxMessageBytes = Math.min(limits.messageBytes, hello.limits.messageBytes);
    this.streamWindow = limits.window;
    this.takes = { maxMessageBytes: hello.limits.messageBytes, windowBytes: hello.limits.window };
    this.wheel = context.wheel;
    this.turns = context.turns;
    this.buffers = context.buffers;
    this.#clock = context.clock;
    this.metadataWriter = new MetadataWriter(writer);
    this.node = hello.node === '' ? undefined : hello.node;
    this.#unary = new WaitingLine(limits.calls);
    this.#streams = new WaitingLine(limits.streams);
  }

  get heardAt(): number {
    return this.#link.heardAt;
  }

  /** Calls under way, those that wait included. */
  get size(): number {
    return this.#unary.size + this.#streams.size;
  }

  send(call: Call, listener: ReplyListener, now = this.#clock.now()): void {
    let endpoint: NamedEndpoint;
    try {
      endpoint = this.#admitted(call, now);
    } catch (thrown) {
      listener.onFailure(refusalOf(thrown, call));
      return;
    }
    const unary = call.endpoint.kind === 'unary';
    const made = unary ? new UnaryCall(this, call, endpoint, listener) : new StreamCall(this, call, endpoint, listener);
    const line = unary ? this.#unary : this.#streams;
    if (line.enter(made)) this.#start(made, now);
  }

  over(call: ClientCall, unheard: boolean): void {
    const line = call instanceof UnaryCall ? this.#unary : this.#streams;
    if (call.id === waitingId) {
      line.leave();
    } else {
      if (unheard) this.#slots.unuse(call.id);
      else this.#slots.release(call.id);
      const next = line.release();
      if (next !== undefined) this.#start(next, this.#clock.now());
    }
    if (this.size === 0) this.#onIdle();
  }

  note(message: string, error: unknown): void {
    this.#context.logger.debug(message, { service: this.#service, error });
  }

  /** No further call is sent: those that wait fail, and are safe to repeat elsewhere. */
  turnAway(reason: ServiceError): void {
    for (const call of [...this.#unary.waiting(), ...this.#streams.waiting()]) call.lost(reason);
  }

  /** The connection is gone, and all calls with it. */
  end(reason: ServiceError): void {
    this.credit.close();
    this.turnAway(reason);
    for (const call of this.#slots.users()) call.lost(reason);
  }

  /** @throws ProtocolViolation */
  callFrame(type: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (type === dataFrame || type === (dataFrame | moreFlag)) this.credit.arrived(costOf(end - start));
    const call = this.#slots.find(id);
    if (call === undefined) {
      this.#dropLate(type, id, end - start);
      return;
    }
    switch (type) {
      case replyFrame:
        call.replied(buffer, start, end, false);
        return;
      case dataFrame:
        call.data(buffer, start, end, false);
        return;
      case errorFrame:
        call.failed(readError(buffer, start, end, this.#codecOf));
        return;
      case headFrame:
        call.head(buffer, start, end);
        return;
      case endFrame:
        empty(start, end);
        call.serverEnded();
        return;
      case creditFrame:
        call.granted(readCredit(buffer, start, end));
        return;
      case stopFrame:
        empty(start, end);
        call.serverStopped();
        return;
      case dataFrame | moreFlag:
        call.data(buffer, start, end, true);
        return;
      case replyFrame | moreFlag:
        call.replied(buffer, start, end, true);
        return;
      case restFrame:
        call.rest(buffer, start, end, false);
        return;
      case restFrame | moreFlag:
        call.rest(buffer, start, end, true);
        return;
      default:
        throw new ProtocolViolation(`a frame of type ${type} from a server`);
    }
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
        this.#learnKey(buffer, start, end);
        return;
      default:
        throw new ProtocolViolation(`a frame of type ${type} from a server`);
    }
  }

  /** The endpoint of a call that may be made; throws where it may not. */
  #admitted({ endpoint, cancellation, deadline, contentType }: Call, now: number): NamedEndpoint {
    if (endpoint.service !== this.#service) throw refused('FailedPrecondition', `this way leads to ${this.#service}`);
    if (cancellation?.canceled !== undefined) throw cancellation.canceled;
    if (deadline <= now) throw refused('DeadlineExceeded', 'the time for the call had run out before it began');
    return this.#endpoints.of(endpoint, contentType);
  }

  /** Sends a call. There is a slot for it, because there are as many as calls and streams together. */
  #start(call: WaitingCall, now: number): void {
    const id = this.#slots.take();
    this.#slots.put(id, call);
    call.start(id, now);
  }

  /** A frame for a call that is over is late; one for a slot that was never used is wrong. */
  #dropLate(type: number, id: number, bytes: number): void {
    if (!this.#slots.wasUsed(id)) throw new ProtocolViolation('a frame about a call that was never made');
    const plain = type & ~moreFlag;
    if (plain === dataFrame) this.credit.giveBack(costOf(bytes));
    else if (plain < headFrame || plain > restFrame) {
      throw new ProtocolViolation(`a frame of type ${type} from a server`);
    }
  }

  #learnKey(buffer: Buffer, start: number, end: number): void {
    const { cursor } = this;
    cursor.over(buffer, start, end);
    if (cursor.byte() !== namedKey) throw new ProtocolViolation('NAME of an endpoint from a server');
    const number = (cursor.byte() << 8) | cursor.byte();
    cursor.byte();
    this.metadataReader.learn(number, cursor.text(cursor.varint()));
  }
}

function preferredCodec(codecs: ConnectionCodecs, contentType: string | undefined): ConnectionCodec {
  const { preferred } = codecs;
  if (preferred === undefined) throw refused('FailedPrecondition', 'the two sides have no codec in common');
  if (contentType === undefined) return preferred;
  try {
    return codecs.named(contentType);
  } catch {
    // A wish of this side for all its nodes, some of which may not have that codec.
    return preferred;
  }
}

/** Why a call was not sent, with its place. */
function refusalOf(thrown: unknown, { endpoint }: Call): ServiceError {
  const error = ServiceError.from(thrown);
  const service = error.service ?? endpoint.service;
  return error.with({ executed: 'no', service, endpoint: error.endpoint ?? endpoint.name });
}

function refused(code: 'FailedPrecondition' | 'DeadlineExceeded', message: string): ServiceError {
  return new ServiceError(code, message, { executed: 'no' });
}
