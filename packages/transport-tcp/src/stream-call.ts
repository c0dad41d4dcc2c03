import {
  type Call,
  type CancelListener,
  clientStreams,
  type Executed,
  type Metadata,
  noMetadata,
  type Reply,
  type ReplyListener,
  ServiceError,
  serverStreams,
} from '@tenon/contract';
import type { DeadlineEntry } from '@tenon/contract/authoring';
import { type ClientWay, sendCall, sendCancel, type WaitingCall } from './client-call.js';
import { writeCredit } from './connection-credit.js';
import type { NamedEndpoint } from './endpoint-names.js';
import { endFrame } from './frame.js';
import { type IncomingOwner, IncomingStream } from './incoming-stream.js';
import { type Assembler, MessageAssembly } from './message-assembly.js';
import { type OutgoingOwner, OutgoingStream } from './outgoing-stream.js';
import type { LongMessage } from './piece-queue.js';
import { ProtocolViolation } from './protocol-violation.js';
import { waitingId } from './slot-table.js';

/**
 * A stream from being called to its end, of any of the three kinds. Its listener is told the first thing that the server
 * says; after that, what happens to the call happens to the iteration of its replies.
 */
export class StreamCall implements WaitingCall, DeadlineEntry, CancelListener, IncomingOwner, OutgoingOwner, Assembler {
  id = waitingId;
  over = false;
  readonly deadline: number;
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  readonly #way: ClientWay;
  readonly #call: Call;
  readonly #endpoint: NamedEndpoint;
  /** Forgotten once it was told: it is then of no use to the rest of the stream. */
  #listener: ReplyListener | undefined;
  readonly #replies: IncomingStream | undefined;
  #requests: OutgoingStream | undefined;
  #frame = 0;
  #long: LongMessage | undefined;
  #assembly: MessageAssembly | undefined;
  #metadata: Metadata | undefined;
  #settled = false;

  constructor(way: ClientWay, call: Call, endpoint: NamedEndpoint, listener: ReplyListener) {
    this.#way = way;
    this.#call = call;
    this.#endpoint = endpoint;
    this.#listener = listener;
    this.deadline = call.deadline;
    if (serverStreams(call.endpoint.kind)) {
      this.#replies = new IncomingStream(this, way.credit, way.takes, endpoint.decoder);
    }
    way.wheel.add(this);
    call.cancellation?.listen(this);
  }

  get assembledBytes(): number {
    return this.#assembly?.bytes ?? 0;
  }

  start(id: number, now: number): void {
    this.id = id;
    const way = this.#way;
    try {
      this.#long = sendCall(way, id, this.#endpoint, this.#call, this.deadline - now);
    } catch (thrown) {
      this.#end(ServiceError.from(thrown, { code: 'InvalidArgument' }), 'no', true);
      return;
    }
    this.#frame = way.writer.framesEnded;
    const { messages } = this.#call;
    if (!clientStreams(this.#call.endpoint.kind) || messages === undefined) return;
    const { codec, encoder } = this.#endpoint;
    this.#requests = new OutgoingStream(this, way, codec, encoder, messages, way.streamWindow);
    this.#requests.resume();
  }

  // What the server says.

  head(buffer: Buffer, start: number, end: number): void {
    if (this.#replies === undefined) throw new ProtocolViolation('HEAD for a call with one reply');
    if (this.#metadata !== undefined) throw new ProtocolViolation('a second HEAD');
    this.#readMetadata(buffer, start, end);
    if (this.#way.cursor.position !== end) throw new ProtocolViolation('HEAD with more than metadata');
  }

  data(buffer: Buffer, start: number, end: number, more: boolean): void {
    if (this.#replies === undefined || this.#metadata === undefined) throw new ProtocolViolation('DATA before HEAD');
    this.#replies.data(buffer, start, end, more);
    if (!more && !this.#settled) this.#answered();
  }

  serverEnded(): void {
    if (this.#replies === undefined || this.#metadata === undefined) throw new ProtocolViolation('END before HEAD');
    this.#replies.end();
    this.#leave(false);
    if (!this.#settled) this.#answered();
  }

  replied(buffer: Buffer, start: number, end: number, more: boolean): void {
    if (this.#replies !== undefined) throw new ProtocolViolation('REPLY to a stream');
    if (this.#metadata !== undefined) throw new ProtocolViolation('a second REPLY');
    this.#readMetadata(buffer, start, end);
    const { position } = this.#way.cursor;
    if (more) this.#assemble(buffer, position, end);
    else this.#settle(buffer, position, end);
  }

  rest(buffer: Buffer, start: number, end: number, more: boolean): void {
    if (this.#assembly === undefined) throw new ProtocolViolation('REST of no reply');
    this.#assemble(buffer, start, end);
    if (more || this.over) return;
    const { content } = this.#assembly;
    this.#settle(content, 0, content.length);
  }

  failed(error: ServiceError): void {
    // What the server said before its error is read first.
    this.#end(error, error.executed, false, false);
  }

  serverStopped(): void {
    if (this.#requests === undefined) throw new ProtocolViolation('STOP for a call with one request');
    this.#requests.stop();
  }

  granted(bytes: number): void {
    if (this.#requests === undefined) throw new ProtocolViolation('CREDIT for a call with one request');
    this.#requests.granted(bytes);
  }

  lost(reason: ServiceError): void {
    const sent = this.id !== waitingId && this.#frame <= this.#way.writer.framesSent && this.#long?.sent !== false;
    this.#end(reason, sent ? 'maybe' : 'no', false, false);
  }

  // What happens on this side.

  onDeadline(): void {
    this.#abandon(new ServiceError('DeadlineExceeded', 'the time for the call ran out'));
  }

  onCancel(reason: ServiceError): void {
    this.#abandon(reason);
  }

  grant(bytes: number): void {
    if (!this.over) writeCredit(this.#way.writer, this.id, bytes);
  }

  left(): void {
    this.#abandon(new ServiceError('Canceled', 'the reader of the replies left'));
  }

  overrun(error: ServiceError): void {
    this.#assembly = undefined;
    this.#abandon(error);
  }

  unreadable(thrown: unknown): ServiceError {
    const cause = ServiceError.from(thrown);
    const error = new ServiceError('Internal', `the reply cannot be read: ${cause.rawMessage}`, { cause });
    const named = this.#named(error, 'yes');
    this.#abandon(error, 'yes');
    return named;
  }

  beforeMessage(): void {}

  exhausted(): void {
    const { writer } = this.#way;
    writer.begin(endFrame, this.id);
    writer.end();
  }

  sourceFailed(thrown: unknown): void {
    this.#abandon(new ServiceError('Canceled', 'the requests of the stream failed', { cause: thrown }));
  }

  unsendable(thrown: unknown): void {
    this.#abandon(ServiceError.from(thrown, { code: 'InvalidArgument' }));
  }

  stopFailed(thrown: unknown): void {
    this.#way.note('the requests of a stream could not be ended', thrown);
  }

  #readMetadata(buffer: Buffer, start: number, end: number): void {
    const { cursor, metadataReader } = this.#way;
    cursor.over(buffer, start, end);
    const entries = cursor.byte();
    this.#metadata = entries === 0 ? noMetadata : metadataReader.read(cursor, entries);
  }

  #answered(): void {
    this.#resolved({ value: undefined, messages: this.#replies, metadata: this.#metadata ?? noMetadata });
  }

  #assemble(buffer: Buffer, start: number, end: number): void {
    const { takes, assemblies } = this.#way;
    if (this.#assembly === undefined) {
      this.#assembly = new MessageAssembly(takes.maxMessageBytes);
      assemblies.add(this);
    }
    if (this.#assembly.append(buffer, start, end)) {
      assemblies.grew(end - start);
      return;
    }
    assemblies.remove(this);
    const text = `the reply is over the limit of ${takes.maxMessageBytes} bytes`;
    this.overrun(new ServiceError('ResourceExhausted', text));
  }

  #settle(buffer: Buffer, start: number, end: number): void {
    let value: unknown;
    try {
      value = this.#endpoint.decoder(buffer, start, end);
    } catch (thrown) {
      const cause = ServiceError.from(thrown);
      const error = new ServiceError('Internal', `the reply cannot be read: ${cause.rawMessage}`, { cause });
      this.#end(error, 'yes', false);
      return;
    }
    this.#leave(false);
    this.#resolved({ value, metadata: this.#metadata ?? noMetadata });
  }

  #resolved(reply: Reply): void {
    const listener = this.#listener;
    this.#settled = true;
    this.#listener = undefined;
    listener?.onReply(reply);
  }

  /** Ends the call from this side, and tells the server where it knows of it. */
  #abandon(reason: ServiceError, executed: Executed = 'maybe'): void {
    if (this.over) return;
    const long = this.#long;
    if (long !== undefined && !long.sent) {
      this.#way.writer.drop(long);
      if (long.begun) sendCancel(this.#way, this.id, reason);
      this.#end(reason, 'no', !long.begun);
    } else if (this.id === waitingId) this.#end(reason, 'no', true);
    else {
      sendCancel(this.#way, this.id, reason);
      this.#end(reason, executed, false);
    }
  }

  /** Ends the call with an error, for whoever waits: for the reply, or in the iteration. */
  #end(error: ServiceError, executed: Executed, unheard: boolean, atOnce = true): void {
    if (this.over) return;
    this.#leave(unheard);
    const named = this.#named(error, executed);
    this.#replies?.fail(named, atOnce || !this.#settled);
    if (this.#settled) return;
    const listener = this.#listener;
    this.#settled = true;
    this.#listener = undefined;
    listener?.onFailure(named);
  }

  #leave(unheard: boolean): void {
    this.over = true;
    const way = this.#way;
    way.wheel.remove(this);
    this.#call.cancellation?.unlisten(this);
    if (this.#long !== undefined && !this.#long.sent) way.writer.drop(this.#long);
    if (this.#assembly !== undefined) way.assemblies.remove(this);
    this.#requests?.stop();
    this.#replies?.settle();
    way.over(this, unheard);
  }

  #named(error: ServiceError, executed: Executed): ServiceError {
    const { endpoint } = this.#call;
    return error.with({
      executed,
      service: error.service ?? endpoint.service,
      endpoint: error.endpoint ?? endpoint.name,
      node: error.node ?? this.#way.node,
    });
  }
}
