import {
  type Call,
  type CancelListener,
  type Executed,
  type Metadata,
  noMetadata,
  type ReplyListener,
  ServiceError,
} from '@tenon/contract';
import type { DeadlineEntry } from '@tenon/contract/authoring';
import { type ClientWay, sendCall, sendCancel, type WaitingCall } from './client-call.js';
import type { NamedEndpoint } from './endpoint-names.js';
import { type Assembler, MessageAssembly } from './message-assembly.js';
import type { LongMessage } from './piece-queue.js';
import { ProtocolViolation } from './protocol-violation.js';
import { waitingId } from './slot-table.js';
import { longMessageBytes, type TurnTask } from './turn-queue.js';

/**
 * A unary call from being made to its end, of which there are five: the reply, an error, the deadline, the caller's
 * cancel, the end of the connection. The first decides.
 *
 * It is its own entry in the wheel and listens to the cancellation itself, so that a call is one object.
 */
export class UnaryCall implements WaitingCall, DeadlineEntry, CancelListener, Assembler, TurnTask {
  id = waitingId;
  over = false;
  readonly deadline: number;
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  readonly #way: ClientWay;
  readonly #call: Call;
  readonly #endpoint: NamedEndpoint;
  readonly #listener: ReplyListener;
  /** The number of its last frame. */
  #frame = 0;
  #long: LongMessage | undefined = undefined;
  #assembly: MessageAssembly | undefined = undefined;
  /** A long reply that is all there, and waits for its turn. */
  #whole: Buffer | undefined = undefined;
  #wholeBytes = 0;
  /** A buffer of the pool that it is in. */
  #lent: Buffer | undefined = undefined;
  #metadata: Metadata = noMetadata;

  constructor(way: ClientWay, call: Call, endpoint: NamedEndpoint, listener: ReplyListener) {
    this.#way = way;
    this.#call = call;
    this.#endpoint = endpoint;
    this.#listener = listener;
    this.deadline = call.deadline;
    way.wheel.add(this);
    if (call.cancellation !== undefined) call.cancellation.listen(this);
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
      this.#fail(ServiceError.from(thrown, { code: 'InvalidArgument' }), 'no', true);
      return;
    }
    this.#frame = way.writer.framesEnded;
  }

  replied(buffer: Buffer, start: number, end: number, more: boolean): void {
    if (this.#assembly !== undefined || this.#whole !== undefined) throw new ProtocolViolation('a second REPLY');
    const { cursor, metadataReader } = this.#way;
    cursor.over(buffer, start, end);
    const entries = cursor.byte();
    if (entries > 0) this.#metadata = metadataReader.read(cursor, entries);
    if (more) this.#assemble(buffer, cursor.position, end);
    else if (end - cursor.position <= longMessageBytes) this.#settle(buffer, cursor.position, end, this.#way.heardAt);
    else {
      this.#lent = this.#way.buffers.copyOf(buffer, cursor.position, end);
      this.#awaitTurn(this.#lent, end - cursor.position);
    }
  }

  rest(buffer: Buffer, start: number, end: number, more: boolean): void {
    if (this.#assembly === undefined || this.#whole !== undefined) throw new ProtocolViolation('REST of no reply');
    this.#assemble(buffer, start, end);
    if (more || this.over) return;
    this.#way.assemblies.remove(this);
    const { content } = this.#assembly;
    this.#awaitTurn(content, content.length);
  }

  takeTurn(): void {
    const reply = this.#whole;
    if (!this.over && reply !== undefined) this.#settle(reply, 0, this.#wholeBytes, undefined);
  }

  failed(error: ServiceError): void {
    this.#fail(error, error.executed, false);
  }

  lost(reason: ServiceError): void {
    if (this.#whole !== undefined) {
      this.takeTurn();
      return;
    }
    const sent = this.id !== waitingId && this.#frame <= this.#way.writer.framesSent && this.#long?.sent !== false;
    this.#fail(reason, sent ? 'maybe' : 'no', false);
  }

  onDeadline(): void {
    // A reply that came in time counts, also where it has not had its turn.
    if (this.#whole !== undefined) this.takeTurn();
    else this.#abandon(new ServiceError('DeadlineExceeded', 'the time for the call ran out'));
  }

  onCancel(reason: ServiceError): void {
    this.#abandon(reason);
  }

  overrun(error: ServiceError): void {
    this.#assembly = undefined;
    sendCancel(this.#way, this.id, error);
    this.#fail(error, 'yes', false);
  }

  head(): void {
    throw new ProtocolViolation('HEAD for a unary call');
  }

  data(): void {
    throw new ProtocolViolation('DATA for a unary call');
  }

  serverEnded(): void {
    throw new ProtocolViolation('END for a unary call');
  }

  serverStopped(): void {
    throw new ProtocolViolation('STOP for a unary call');
  }

  granted(): void {
    throw new ProtocolViolation('CREDIT for a unary call');
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

  #awaitTurn(reply: Buffer, bytes: number): void {
    this.#whole = reply;
    this.#wholeBytes = bytes;
    this.#way.turns.add(this, bytes);
  }

  #settle(buffer: Buffer, start: number, end: number, at: number | undefined): void {
    let value: unknown;
    try {
      if (end - start > this.#way.takes.maxMessageBytes) throw tooLong(end - start, this.#way.takes.maxMessageBytes);
      value = this.#endpoint.decoder(buffer, start, end);
    } catch (thrown) {
      this.#fail(unreadable(thrown), 'yes', false);
      return;
    }
    this.#end(false);
    this.#listener.onReply({ value, metadata: this.#metadata }, at);
  }

  /** Ends the call from this side, and tells the server where it knows of it. */
  #abandon(reason: ServiceError): void {
    if (this.over) return;
    if (this.#whole !== undefined) {
      this.#fail(reason, 'yes', false);
      return;
    }
    const long = this.#long;
    if (long !== undefined && !long.sent) {
      this.#way.writer.drop(long);
      if (long.begun) sendCancel(this.#way, this.id, reason);
      this.#fail(reason, 'no', !long.begun);
    } else if (this.id === waitingId) this.#fail(reason, 'no', true);
    else {
      sendCancel(this.#way, this.id, reason);
      this.#fail(reason, 'maybe', false);
    }
  }

  #fail(error: ServiceError, executed: Executed, unheard: boolean): void {
    if (this.over) return;
    const { endpoint } = this.#call;
    this.#end(unheard);
    this.#listener.onFailure(
      error.with({
        executed,
        service: error.service ?? endpoint.service,
        endpoint: error.endpoint ?? endpoint.name,
        node: error.node ?? this.#way.node,
      }),
    );
  }

  #end(unheard: boolean): void {
    this.over = true;
    const way = this.#way;
    if (this.wheelSlot >= 0) way.wheel.remove(this);
    if (this.#call.cancellation !== undefined) this.#call.cancellation.unlisten(this);
    if (this.#long !== undefined && !this.#long.sent) way.writer.drop(this.#long);
    if (this.#assembly !== undefined) way.assemblies.remove(this);
    if (this.#lent !== undefined) way.buffers.give(this.#lent);
    this.#lent = undefined;
    way.over(this, unheard);
  }
}

function tooLong(bytes: number, limit: number): ServiceError {
  return new ServiceError('ResourceExhausted', `it has ${bytes} bytes, and the limit is ${limit}`);
}

function unreadable(thrown: unknown): ServiceError {
  const cause = ServiceError.from(thrown);
  const code = cause.code === 'ResourceExhausted' ? cause.code : 'Internal';
  return new ServiceError(code, `the reply cannot be read: ${cause.rawMessage}`, { cause });
}
