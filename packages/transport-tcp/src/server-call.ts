import {
  type BuildPlan,
  type CallHandler,
  checkedMetadata,
  clientStreams,
  type EndpointKind,
  type IncomingCall,
  type Metadata,
  noMetadata,
  type Peer,
  type Reply,
  type Schema,
  type ServedCall,
  ServiceError,
  serverStreams,
} from '@tenon/contract';
import type { DeadlineEntry, DeadlineWheel } from '@tenon/contract/authoring';
import type { BufferPool } from './buffer-pool.js';
import type { ConnectionCodec } from './connection-codecs.js';
import { writeCredit } from './connection-credit.js';
import { writeError } from './error-payload.js';
import { endFrame, headFrame, replyFrame, restFrame, stopFrame } from './frame.js';
import { type IncomingLimits, type IncomingOwner, IncomingStream } from './incoming-stream.js';
import { type Assembler, type Assemblies, MessageAssembly } from './message-assembly.js';
import { type OutgoingOwner, OutgoingStream, type OutgoingWay, returnFrom } from './outgoing-stream.js';
import type { LongMessage, PieceGate } from './piece-queue.js';
import { ProtocolViolation } from './protocol-violation.js';
import { handlerFailure, requestTooLong, unfit, unreadableMessage, unsendable } from './served-errors.js';
import type { TurnQueue, TurnTask } from './turn-queue.js';
import type { MetadataWriter } from './wire-metadata.js';

/** What a served call needs of its connection. */
export interface ServerWay extends OutgoingWay {
  readonly service: string;
  readonly node: string | undefined;
  readonly peer: Peer;
  readonly metadataWriter: MetadataWriter;
  readonly assemblies: Assemblies;
  readonly turns: TurnQueue;
  readonly buffers: BufferPool;
  readonly wheel: DeadlineWheel;
  /** What this side takes. */
  readonly takes: IncomingLimits;
  /** What the client takes of each stream before it grants more. */
  readonly streamWindow: number;
  readonly handler: CallHandler;
  /** When the bytes that are being taken arrived. */
  readonly heardAt: number;
  /** The answer has left, or nobody waits for it any more. */
  over(call: ServerCall): void;
  note(message: string, error: unknown): void;
}

/** An endpoint as the client named it. */
export interface ServedEndpoint {
  readonly name: string;
  readonly kind: EndpointKind;
}

/**
 * A call in the hands of the server. The first that ends it decides: an answer, the client's cancel, the deadline, the end
 * of the connection.
 */
export class ServerCall
  implements IncomingCall, DeadlineEntry, IncomingOwner, OutgoingOwner, Assembler, PieceGate, TurnTask
{
  readonly id: number;
  readonly endpoint: string;
  readonly kind: EndpointKind;
  readonly metadata: Metadata;
  readonly deadline: number;
  over = false;
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  readonly #way: ServerWay;
  readonly #codec: ConnectionCodec;
  /** The request, in what was read, or in memory of its own. */
  #request: Buffer | undefined = undefined;
  /** A buffer of the pool that it is in. */
  #lent: Buffer | undefined = undefined;
  #requestStart: number;
  #requestEnd: number;
  #assembly: MessageAssembly | undefined = undefined;
  #requests: IncomingStream | undefined = undefined;
  #replies: OutgoingStream | undefined = undefined;
  /** The reply that leaves in pieces. */
  #long: LongMessage | undefined = undefined;
  /** Credit that came before there was a stream to use it. */
  #granted = 0;
  #answered = false;
  #handed = false;
  #served: ServedCall | undefined = undefined;
  /** Why nobody waits for the answer, told before the server had said whom to tell. */
  #reason: ServiceError | undefined = undefined;

  constructor(
    way: ServerWay,
    id: number,
    { name, kind }: ServedEndpoint,
    codec: ConnectionCodec,
    metadata: Metadata,
    deadline: number,
    buffer: Buffer,
    start: number,
    end: number,
  ) {
    this.#way = way;
    this.id = id;
    this.endpoint = name;
    this.kind = kind;
    this.#codec = codec;
    this.metadata = metadata;
    this.deadline = deadline;
    this.#requestStart = start;
    this.#requestEnd = end;
    if (clientStreams(kind)) this.#requests = new IncomingStream(this, way.credit, way.takes, undefined);
    else this.#request = buffer;
  }

  get service(): string {
    return this.#way.service;
  }

  get node(): string | undefined {
    return this.#way.node;
  }

  get peer(): Peer {
    return this.#way.peer;
  }

  get contentType(): string {
    return this.#codec.contentType;
  }

  /** A reply in pieces goes as fast as the socket takes it. */
  get allowedBytes(): number {
    return Number.POSITIVE_INFINITY;
  }

  get assembledBytes(): number {
    return this.#assembly?.bytes ?? 0;
  }

  /** Hands the call to the server, now that its request is whole. */
  serve(owned: boolean): void {
    const way = this.#way;
    this.#handed = true;
    const served = way.handler.handle(this, way.heardAt);
    if (this.over) {
      if (this.#reason !== undefined) served.cancel(this.#reason);
      return;
    }
    this.#served = served;
    if (!owned) this.#keepRequest();
    way.wheel.add(this);
  }

  decode(schema?: Schema, plan?: BuildPlan): unknown {
    const buffer = this.#request;
    if (buffer === undefined) return undefined;
    this.#request = undefined;
    try {
      return this.#codec.decoder(schema, plan)(buffer, this.#requestStart, this.#requestEnd);
    } catch (thrown) {
      throw ServiceError.from(thrown, { code: 'InvalidArgument', executed: 'no' });
    } finally {
      if (this.#lent !== undefined) this.#giveBack(this.#lent);
    }
  }

  messages(schema?: Schema, plan?: BuildPlan): AsyncIterable<unknown> {
    if (this.#requests === undefined) return nothing();
    this.#requests.decodeWith(this.#codec.decoder(schema, plan));
    return this.#requests;
  }

  reply(reply: Reply): void {
    if (this.#answered) return;
    this.#answered = true;
    const { messages } = reply;
    if (this.over) {
      if (messages !== undefined) returnFrom(messages, this);
      return;
    }
    try {
      if (serverStreams(this.kind) !== (messages !== undefined)) throw unfit(this.kind);
      if (messages === undefined) this.#reply(reply);
      else this.#replyStream(reply, messages);
    } catch (thrown) {
      this.#end(unsendable('the reply', thrown));
    }
  }

  fail(error: ServiceError): void {
    if (this.#answered || this.over) return;
    this.#answered = true;
    this.#end(error);
  }

  // What the client says.

  /** The request's first piece was in CALL; the others come in REST. */
  assemble(buffer: Buffer, start: number, end: number, more: boolean): void {
    const { assemblies, takes } = this.#way;
    if (this.#assembly === undefined) {
      this.#assembly = new MessageAssembly(takes.maxMessageBytes);
      assemblies.add(this);
    }
    if (!this.#assembly.append(buffer, start, end)) {
      assemblies.remove(this);
      this.overrun(requestTooLong(takes.maxMessageBytes));
      return;
    }
    assemblies.grew(end - start);
    if (more || this.over) return;
    assemblies.remove(this);
    this.#request = this.#assembly.content;
    this.#requestStart = 0;
    this.#requestEnd = this.#request.length;
    this.#assembly = undefined;
    this.#way.turns.add(this, this.#requestEnd);
  }

  /** Serves a call with a long request once it has its turn. */
  serveInTurn(): void {
    const { buffers, turns } = this.#way;
    const bytes = this.#requestEnd - this.#requestStart;
    this.#lent = buffers.copyOf(this.#request as Buffer, this.#requestStart, this.#requestEnd);
    this.#request = this.#lent;
    this.#requestStart = 0;
    this.#requestEnd = bytes;
    turns.add(this, bytes);
  }

  takeTurn(): void {
    if (!this.over) this.serve(true);
  }

  rest(buffer: Buffer, start: number, end: number, more: boolean): void {
    if (this.#assembly === undefined) throw new ProtocolViolation('REST of no request');
    this.assemble(buffer, start, end, more);
  }

  data(buffer: Buffer, start: number, end: number, more: boolean): void {
    if (this.#requests === undefined) throw new ProtocolViolation('DATA for a call with one request');
    this.#requests.data(buffer, start, end, more);
  }

  clientEnded(): void {
    if (this.#requests === undefined) throw new ProtocolViolation('END for a call with one request');
    this.#requests.end();
  }

  granted(bytes: number): void {
    if (this.#replies === undefined) this.#granted += bytes;
    else this.#replies.granted(bytes);
  }

  /** The client cancelled, or the connection is gone: nobody waits for an answer. */
  cancel(reason: ServiceError): void {
    if (this.over) {
      if (this.#long === undefined) return;
      this.#way.writer.drop(this.#long);
      this.sent();
      return;
    }
    this.#leave();
    this.#requests?.fail(reason, true);
    this.#requests?.close();
    this.#tell(reason);
  }

  // What happens on this side.

  onDeadline(): void {
    this.abandon(new ServiceError('DeadlineExceeded', 'the time for the call ran out'));
  }

  /** The server gives the call up: the client and the handler are told. */
  abandon(reason: ServiceError): void {
    if (this.over) return;
    this.#requests?.fail(reason, true);
    this.#end(this.#handed ? reason : reason.with({ executed: 'no' }));
    this.#tell(reason);
  }

  spent(): void {}

  /** The last piece of the reply has left. */
  sent(): void {
    this.#long = undefined;
    this.#way.over(this);
  }

  grant(bytes: number): void {
    if (!this.over) writeCredit(this.#way.writer, this.id, bytes);
  }

  left(): void {
    if (this.over) return;
    const { writer } = this.#way;
    writer.begin(stopFrame, this.id);
    writer.end();
  }

  overrun(error: ServiceError): void {
    this.abandon(error);
  }

  unreadable(thrown: unknown): ServiceError {
    return unreadableMessage(thrown);
  }

  beforeMessage(): void {}

  exhausted(): void {
    const { writer } = this.#way;
    writer.begin(endFrame, this.id);
    writer.end();
    this.#leave();
    this.#requests?.close();
  }

  sourceFailed(thrown: unknown): void {
    this.#end(handlerFailure(thrown));
  }

  unsendable(thrown: unknown): void {
    this.#end(unsendable('a reply', thrown));
  }

  stopFailed(thrown: unknown): void {
    this.#way.note('the replies of a stream could not be ended', thrown);
  }

  #reply(reply: Reply): void {
    const way = this.#way;
    const { writer } = way;
    const codec = this.#codec;
    const metadata = reply.metadata === noMetadata ? noMetadata : checkedMetadata(reply.metadata);
    const encoder = codec.encoder(reply.schema);
    const entries = way.metadataWriter.announce(metadata);
    writer.begin(replyFrame, this.id);
    writer.buffer[writer.position] = entries;
    writer.position += 1;
    if (entries > 0) way.metadataWriter.write(metadata);
    writer.beginMessage(way.maxMessageBytes);
    try {
      encoder(reply.value, writer);
      writer.checkMessage();
    } catch (thrown) {
      writer.rollBack();
      throw thrown;
    }
    this.#long = writer.endMessage(restFrame, this);
    if (codec.linked) way.codecs.encoded(codec);
    this.#leave();
    this.#requests?.close();
  }

  #replyStream(reply: Reply, messages: AsyncIterable<unknown>): void {
    const way = this.#way;
    const { writer } = way;
    const metadata = checkedMetadata(reply.metadata);
    const encoder = this.#codec.encoder(reply.schema);
    const entries = way.metadataWriter.announce(metadata);
    writer.begin(headFrame, this.id);
    writer.buffer[writer.position] = entries;
    writer.position += 1;
    way.metadataWriter.write(metadata);
    writer.end();
    const maySend = way.streamWindow + this.#granted;
    this.#replies = new OutgoingStream(this, way, this.#codec, encoder, messages, maySend);
    this.#replies.resume();
  }

  /** Answers with an error. */
  #end(error: ServiceError): void {
    const { writer, codecs } = this.#way;
    writeError(writer, this.id, error, this.#codec);
    if (this.#codec.linked && error.details !== undefined) codecs.encoded(this.#codec);
    this.#leave();
    this.#requests?.close();
  }

  #leave(): void {
    const way = this.#way;
    this.over = true;
    this.#request = undefined;
    if (this.#lent !== undefined) this.#giveBack(this.#lent);
    if (this.wheelSlot >= 0) way.wheel.remove(this);
    if (this.#replies !== undefined) this.#replies.stop();
    if (this.#assembly !== undefined) way.assemblies.remove(this);
    if (this.#long === undefined) way.over(this);
  }

  #giveBack(lent: Buffer): void {
    this.#lent = undefined;
    this.#way.buffers.give(lent);
  }

  #tell(reason: ServiceError): void {
    if (this.#served !== undefined) this.#served.cancel(reason);
    else if (this.#handed) this.#reason = reason;
  }

  /** The request is lent with what was read. Whoever decodes it later gets a copy. */
  #keepRequest(): void {
    const buffer = this.#request;
    if (buffer === undefined) return;
    this.#request = Buffer.from(buffer.subarray(this.#requestStart, this.#requestEnd));
    this.#requestEnd -= this.#requestStart;
    this.#requestStart = 0;
  }
}

async function* nothing(): AsyncGenerator<never> {}
