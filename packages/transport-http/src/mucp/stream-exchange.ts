import {
  type CallHandler,
  clientStreams,
  type EndpointKind,
  type IncomingCall,
  type Metadata,
  type Peer,
  type Reply,
  type Schema,
  type ServedCall,
  ServiceError,
} from '@tenon/contract';
import { leaveMessages, MessageOutput, MessagePump, MessageQueue, type PumpTarget } from '@tenon/contract/authoring';
import { callAnswered, unexpected } from '@tenon/http';
import { decodeRequest, unsendable } from '../exchange-value.js';
import type { HeaderFields } from '../header-fields.js';
import { addMetadata, type FieldPairs, fromWire } from '../headers.js';
import type { RequestHead } from '../server-dialect.js';
import type { Exchange, ExchangeSurroundings } from '../server-exchange.js';
import type { MucpServer } from './mucp-server.js';
import { endOfStream, streamFrame } from './stream-frames.js';
import type { StreamWire } from './stream-wire.js';

/** What one stream is made of. */
export interface StreamExchangeParts {
  readonly head: RequestHead;
  /** What go-micro calls the stream: stands in every message of it. */
  readonly id: string;
  /** What the endpoint is; undefined where there is none such. */
  readonly kind: EndpointKind | undefined;
  readonly wire: StreamWire;
  readonly dialect: MucpServer;
  readonly surroundings: ExchangeSurroundings;
}

/**
 * One stream of go-micro's, from its first request to its last response; the call as the server sees it.
 *
 * The caller ends its side with `EOS`. A go-micro client does so only together with its connection, so an end that is
 * followed by that of the connection still lets the handler of a stream of requests read what was sent, and work on it.
 */
export class StreamExchange implements IncomingCall, Exchange, PumpTarget {
  readonly service: string;
  readonly endpoint: string;
  readonly kind: EndpointKind;
  readonly node = undefined;
  readonly metadata: Metadata;
  readonly deadline: number;
  readonly contentType: string;
  readonly peer: Peer;
  isUnderWay = false;
  nextUnderWay: Exchange | undefined = undefined;
  previousUnderWay: Exchange | undefined = undefined;
  readonly #parts: StreamExchangeParts;
  readonly #start: string;
  readonly #output: MessageOutput;
  readonly #requests: MessageQueue;
  #handler: CallHandler | undefined = undefined;
  #served: ServedCall | undefined = undefined;
  #schema: Schema | undefined = undefined;
  #body: Buffer = nothing;
  #reply: Reply | undefined = undefined;
  #pump: MessagePump | undefined = undefined;
  #begun = false;
  #answered = false;
  #over = false;

  constructor(parts: StreamExchangeParts) {
    const { head, kind, wire, surroundings } = parts;
    this.service = head.service;
    this.endpoint = head.endpoint;
    // Whoever opens a stream takes the endpoint for one.
    this.kind = kind === undefined || kind === 'unary' ? 'bidi' : kind;
    this.metadata = head.metadata;
    this.deadline = head.leftMs === Number.POSITIVE_INFINITY ? head.leftMs : surroundings.clock.now() + head.leftMs;
    this.contentType = head.contentType;
    this.peer = wire.peer;
    this.#parts = parts;
    this.#start = `HTTP/1.1 200 OK\r\nContent-Type: ${head.replyType}\r\nMicro-Stream: ${parts.id}\r\n`;
    this.#output = new MessageOutput(wire.output);
    this.#requests = new MessageQueue({
      decode: (bytes) => this.#decodeMessage(bytes),
      pause: () => wire.pause(),
      resume: () => wire.resume(),
      // The caller cannot be told. What it still sends is dropped.
      onLeft: () => {},
    });
  }

  /** Hands the call to `handler`: at once, or with the one request of a server stream, which is the second message. */
  serve(handler: CallHandler, refuses: boolean): void {
    this.#handler = handler;
    if (this.kind !== 'server' || refuses) this.#dispatch();
  }

  /** A message of the caller's after the first, which only opens the stream. */
  onFrame(fields: HeaderFields, body: Buffer): void {
    if (this.#over) return;
    const error = fromWire(fields.micro('error') ?? '');
    if (error === endOfStream) this.#onRequestsEnd();
    else if (error !== '') this.#onCallerFailure(error);
    else this.#onRequest(body);
  }

  /** The connection has ended. */
  onGone(): void {
    if (this.#over) return;
    const saidAll = clientStreams(this.kind) && this.#requests.ended;
    if (!saidAll) {
      this.#cancel(new ServiceError('Canceled', 'the caller went away before the end of the stream'));
      return;
    }
    this.#over = true;
    this.#pump?.stop();
    this.#output.close();
  }

  decode(schema?: Schema): unknown {
    const body = this.#body;
    this.#body = nothing;
    return decodeRequest(this.#parts.head, body, schema);
  }

  messages(schema?: Schema): AsyncIterable<unknown> {
    this.#schema = schema;
    return this.#requests;
  }

  reply(reply: Reply): void {
    const { messages } = reply;
    if (this.#answered || this.#over) {
      if (messages !== undefined) leaveMessages(messages);
      return;
    }
    this.#answered = true;
    this.#reply = reply;
    if (messages === undefined) {
      this.#pass(reply.value);
      return;
    }
    this.#pump = new MessagePump(messages, this);
    void this.#pump.run(() => this.#output);
  }

  fail(error: ServiceError): void {
    if (!this.#answered) this.#fail(error);
  }

  closeAfterwards(): void {}

  end(error: ServiceError): void {
    if (this.#over) return;
    this.#pump?.stop();
    this.#fail(error);
    this.#served?.cancel(error);
  }

  onMessage(message: unknown): void {
    if (this.#over) return;
    this.#output.write(this.#frame(message));
  }

  onSourceEnd(): void {
    if (this.#over) return;
    try {
      this.#finish(streamFrame(this.#start, [...this.#firstFields(), ...endFields], nothing));
    } catch (thrown) {
      this.#fail(this.#unsendable(thrown));
    }
  }

  onSourceFailure(thrown: unknown): void {
    this.#fail(thrown instanceof ServiceError ? thrown : unexpected(thrown));
  }

  #onRequest(body: Buffer): void {
    const { head } = this.#parts;
    let message: Buffer;
    try {
      message = head.around === undefined ? body : head.around.envelope.openRequest(body, head.codec).body;
    } catch (thrown) {
      this.#refuse(ServiceError.from(thrown));
      return;
    }
    if (clientStreams(this.kind)) this.#requests.push(message);
    else if (this.#served === undefined) {
      this.#body = message;
      this.#dispatch();
    }
  }

  #onRequestsEnd(): void {
    if (clientStreams(this.kind)) this.#requests.end();
    else this.#leave(new ServiceError('Canceled', 'the caller ended the stream'));
  }

  #onCallerFailure(text: string): void {
    this.#leave(new ServiceError('Canceled', `the caller ended the stream with an error: ${text.slice(0, 200)}`));
  }

  /** Nobody reads an answer; the connection ends for both. */
  #leave(reason: ServiceError): void {
    this.#cancel(reason);
    this.#parts.wire.end();
  }

  #dispatch(): void {
    try {
      this.#served = this.#handler?.handle(this);
    } catch (thrown) {
      const { logger } = this.#parts.surroundings;
      logger.error('a call could not be handed over', { endpoint: this.endpoint, error: thrown });
      this.fail(unexpected(thrown));
    }
  }

  /** The one reply of a stream of requests, and the end behind it. */
  #pass(value: unknown): void {
    try {
      this.#output.write(this.#frame(value));
    } catch (thrown) {
      this.onSourceFailure(thrown);
      return;
    }
    this.onSourceEnd();
  }

  /** By now the handler runs. */
  #decodeMessage(bytes: Buffer): unknown {
    try {
      return this.#parts.head.codec.decode(bytes, this.#schema);
    } catch (thrown) {
      throw ServiceError.from(thrown).with({ executed: 'maybe' });
    }
  }

  #frame(value: unknown): Buffer {
    const { dialect, head } = this.#parts;
    try {
      const body = dialect.message(head, { value, schema: this.#reply?.schema });
      return streamFrame(this.#start, this.#firstFields(), body);
    } catch (thrown) {
      throw this.#unsendable(thrown);
    }
  }

  #unsendable(thrown: unknown): ServiceError {
    return unsendable(thrown, this.#parts.head, this.#parts.surroundings.logger);
  }

  /** Metadata goes out once, with the first message. */
  #firstFields(): FieldPairs {
    const fields: FieldPairs = [];
    if (!this.#begun && this.#reply !== undefined) addMetadata(fields, this.#reply.metadata, 'refuse');
    this.#begun = true;
    return fields;
  }

  #refuse(error: ServiceError): void {
    this.#fail(error);
    this.#served?.cancel(error);
  }

  #fail(error: ServiceError): void {
    if (this.#over) return;
    this.#answered = true;
    const { dialect, head } = this.#parts;
    const { fields, body } = dialect.error(head, error);
    this.#finish(streamFrame(this.#start, fields.slice(2), body));
  }

  #finish(last: Buffer): void {
    this.#over = true;
    this.#output.write(last);
    this.#output.end();
    this.#requests.fail(callAnswered(), true);
    this.#parts.wire.end();
  }

  #cancel(reason: ServiceError): void {
    this.#over = true;
    this.#requests.fail(reason, true);
    this.#pump?.stop();
    this.#output.close();
    this.#served?.cancel(reason);
  }
}

const endFields: FieldPairs = ['Micro-Error', endOfStream, 'X-Micro-Error', endOfStream];
const nothing = Buffer.alloc(0);
