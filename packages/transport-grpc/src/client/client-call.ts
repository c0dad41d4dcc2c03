import type { IncomingHttpHeaders } from 'node:http2';
import {
  type Call,
  type CancelListener,
  type Executed,
  type Metadata,
  noMetadata,
  type ReplyListener,
  ServiceError,
  serverStreams,
} from '@tenon/contract';
import {
  type DeadlineEntry,
  type DeadlineWheel,
  MessageQueue,
  type QueueSource,
  type UnderWayEntry,
} from '@tenon/contract/authoring';
import { namedError } from '@tenon/http';
import { errorOfFields, errorOfHttpStatus } from '../status/field-error.js';
import { encodingOf } from '../wire/encodings.js';
import { type GrpcTypes, isGrpcLike } from '../wire/grpc-types.js';
import { MessageDecoder } from '../wire/message-decoder.js';
import { metadataOf } from '../wire/metadata-fields.js';
import type { ClientExchange, ExchangeOwner } from './client-exchange.js';

/** What every call of a connection shares. */
export interface ClientCallSurroundings {
  readonly wheel: DeadlineWheel;
  readonly types: GrpcTypes;
  readonly maxMessageBytes: number;
  /** The id of the node, for errors. */
  readonly node: string;
  /** Called once, when a call is over. */
  onOver(call: ClientCall): void;
}

/** One call from here to the end of its reply, ended early by its deadline, its cancellation, or `end`. */
export class ClientCall
  implements DeadlineEntry, CancelListener, ExchangeOwner, QueueSource, UnderWayEntry<ClientCall>
{
  readonly deadline: number;
  isUnderWay = false;
  nextUnderWay: ClientCall | undefined = undefined;
  previousUnderWay: ClientCall | undefined = undefined;
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  readonly #call: Call;
  readonly #listener: ReplyListener;
  readonly #surroundings: ClientCallSurroundings;
  #exchange: ClientExchange | undefined = undefined;
  #sent = false;
  #over = false;
  #head: IncomingHttpHeaders | undefined = undefined;
  #decoder: MessageDecoder | undefined = undefined;
  /** The only reply, as it came. */
  #reply: Buffer | undefined = undefined;
  /** Where replies stream. */
  readonly #queue: MessageQueue | undefined;
  /** The caller has the queue, and what comes now belongs into it. */
  #replied = false;

  constructor(call: Call, listener: ReplyListener, surroundings: ClientCallSurroundings) {
    this.#call = call;
    this.#listener = listener;
    this.#surroundings = surroundings;
    this.deadline = call.deadline;
    this.#queue = serverStreams(call.endpoint.kind) ? new MessageQueue(this) : undefined;
    surroundings.wheel.add(this);
    call.cancellation?.listen(this);
  }

  /** Is carried by `exchange`. */
  carriedBy(exchange: ClientExchange): void {
    this.#exchange = exchange;
  }

  onSent(): void {
    this.#sent = true;
  }

  onHead(headers: IncomingHttpHeaders): void {
    if (this.#over) return;
    this.#head = headers;
    // All that it says stands in its head.
    if (headers['grpc-status'] !== undefined) return;
    const { types, maxMessageBytes } = this.#surroundings;
    const httpStatus = Number(headers[':status']);
    const contentType = headers['content-type'];
    if (httpStatus !== 200 || !isGrpcLike(contentType)) throw errorOfHttpStatus(httpStatus, contentType);
    const type = types.ofWire(contentType ?? '');
    if (type === undefined) throw unreadable(`its content type is ${String(contentType).slice(0, 100)}`);
    const encoding = headers['grpc-encoding'];
    this.#decoder = new MessageDecoder(type.codec, encodingOf(String(encoding ?? 'identity')), maxMessageBytes);
  }

  onFrame(bytes: Buffer, compressed: boolean): void {
    if (this.#over || this.#decoder === undefined) return;
    const message = compressed ? this.#decoder.marked(bytes) : bytes;
    if (this.#queue !== undefined) {
      this.#queue.push(message);
      this.#handOver(this.#queue);
    } else if (this.#reply === undefined) this.#reply = message;
    else this.onLost(unreadable('more than one message came where there is one'));
  }

  onStatus(fields: IncomingHttpHeaders): void {
    if (this.#over) return;
    const error = errorOfFields(fields);
    if (error !== undefined) this.#failedThere(error);
    else if (this.#queue !== undefined) {
      this.#handOver(this.#queue);
      this.#finish();
      this.#queue.end();
    } else this.#succeed(fields);
  }

  /** Ends with an error that came from below, or from here. */
  onLost(error: ServiceError): void {
    if (this.#over) return;
    this.#finish();
    if (this.#replied) this.#queue?.fail(this.#named(error), true);
    else this.#listener.onFailure(this.#named(error));
  }

  /** Ends because its connection is closed. */
  end(): void {
    this.onLost(this.#error('Unavailable', 'the connection was closed during the call'));
  }

  onDeadline(): void {
    const where = this.#sent ? 'before the reply came' : 'before the request could be sent';
    this.onLost(this.#error('DeadlineExceeded', `the time for the call ran out ${where}`));
  }

  onCancel(reason: ServiceError): void {
    this.onLost(reason.with({ executed: this.#executed }));
  }

  decode(bytes: Buffer): unknown {
    try {
      return this.#decoder?.decode(bytes, this.#call.endpoint.response);
    } catch (thrown) {
      const cause = ServiceError.from(thrown);
      throw this.#named(
        new ServiceError(
          cause.code === 'ResourceExhausted' ? cause.code : 'Internal',
          `the reply cannot be read: ${cause.rawMessage}`,
          { cause, executed: 'yes' },
        ),
      );
    }
  }

  pause(): void {
    this.#exchange?.pause();
  }

  resume(): void {
    this.#exchange?.resume();
  }

  onLeft(): void {
    this.#finish();
  }

  /** Gives the caller its stream, with the first thing that came. */
  #handOver(queue: MessageQueue): void {
    if (this.#replied || this.#over) return;
    let metadata: Metadata;
    try {
      metadata = metadataOf(this.#head ?? {});
    } catch (thrown) {
      this.onLost(unreadable(ServiceError.from(thrown).rawMessage));
      return;
    }
    this.#replied = true;
    this.#listener.onReply({ value: undefined, messages: queue, metadata });
  }

  #failedThere(error: ServiceError): void {
    this.#finish();
    if (this.#replied) this.#queue?.fail(this.#named(error), false);
    else this.#listener.onFailure(this.#named(error));
  }

  #succeed(trailers: IncomingHttpHeaders): void {
    const reply = this.#reply;
    this.#finish();
    try {
      if (reply === undefined) throw this.#named(unreadable('no message came'));
      this.#listener.onReply({ value: this.decode(reply), metadata: this.#metadata(trailers) });
    } catch (thrown) {
      this.#listener.onFailure(this.#named(ServiceError.from(thrown)));
    }
  }

  /** What stood before the message, and what stands behind it. */
  #metadata(trailers: IncomingHttpHeaders): Metadata {
    try {
      const before = this.#head === undefined ? noMetadata : metadataOf(this.#head);
      const behind = this.#head === trailers ? noMetadata : metadataOf(trailers);
      if (behind === noMetadata) return before;
      if (before === noMetadata) return behind;
      return Object.freeze(Object.assign(Object.create(null) as Record<string, string>, before, behind));
    } catch (thrown) {
      throw unreadable(ServiceError.from(thrown).rawMessage);
    }
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#surroundings.wheel.remove(this);
    this.#call.cancellation?.unlisten(this);
    this.#surroundings.onOver(this);
    this.#exchange?.end();
  }

  get #executed(): Executed {
    return this.#sent ? 'maybe' : 'no';
  }

  #error(code: 'Unavailable' | 'DeadlineExceeded', message: string): ServiceError {
    return new ServiceError(code, message, { executed: this.#executed });
  }

  #named(error: ServiceError): ServiceError {
    return namedError(error, this.#call, this.#surroundings.node);
  }
}

/** Something of the reply is not as gRPC has it. The handler ran. */
function unreadable(why: string): ServiceError {
  return new ServiceError('Internal', `the reply cannot be read: ${why}`, { executed: 'yes' });
}
