import type { ServerHttp2Stream } from 'node:http2';
import {
  type BuildPlan,
  type CallHandler,
  type Clock,
  type EndpointKind,
  type IncomingCall,
  type Logger,
  type Metadata,
  type Peer,
  type Reply,
  type Schema,
  type ServedCall,
  ServiceError,
} from '@tenon/contract';
import { leaveMessages, type UnderWayEntry } from '@tenon/contract/authoring';
import { callAnswered, callerGone, notStreamed, requestsCutOff, unexpected, unsendableReply } from '@tenon/http';
import { errorFields } from '../status/error-fields.js';
import { accepts, type Encoding, isEncoding } from '../wire/encodings.js';
import { MessageDecoder } from '../wire/message-decoder.js';
import type { MessageEncoder } from '../wire/message-encoder.js';
import { encodingKey, withEncoding } from '../wire/metadata-fields.js';
import { readsMessages } from './paths.js';
import { ReplyMessages, type ReplyMessagesOwner } from './reply-messages.js';
import { ReplyOutput } from './reply-output.js';
import type { RequestHead } from './request-head.js';
import { RequestMessage, type RequestMessageOwner } from './request-message.js';
import { RequestMessages, type RequestMessagesOwner } from './request-messages.js';

/** What every call of a listener shares. */
export interface ServerCallSurroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly encoder: MessageEncoder;
  readonly maxMessageBytes: number;
  /** How replies are compressed whose handler says nothing. */
  readonly compression: Encoding;
  /** The keys of reply metadata that go behind the messages. */
  readonly trailing: ReadonlySet<string>;
  /** Called when a call is over. */
  onEnded(call: ServerCall): void;
}

/** One call from its head to the end of its answer, as the server sees it. */
export class ServerCall
  implements IncomingCall, RequestMessageOwner, RequestMessagesOwner, ReplyMessagesOwner, UnderWayEntry<ServerCall>
{
  readonly service: string;
  readonly endpoint: string;
  readonly kind: EndpointKind | undefined;
  readonly node: string | undefined;
  metadata: Metadata;
  readonly deadline: number;
  readonly contentType: string;
  isUnderWay = false;
  nextUnderWay: ServerCall | undefined = undefined;
  previousUnderWay: ServerCall | undefined = undefined;
  readonly #head: RequestHead;
  readonly #stream: ServerHttp2Stream;
  readonly #surroundings: ServerCallSurroundings;
  readonly #decoder: MessageDecoder;
  readonly #output: ReplyOutput;
  #handler: Pick<CallHandler, 'handle'> | undefined = undefined;
  #served: ServedCall | undefined = undefined;
  #request: Buffer | undefined = undefined;
  #requests: RequestMessages | undefined = undefined;
  #reply: Reply | undefined = undefined;
  #replies: ReplyMessages | undefined = undefined;
  #encoding: Encoding = 'identity';
  #begun = false;
  /** The handler has answered, or the call was answered in its place. */
  #answered = false;
  /** The call has ended, or nobody waits for its end. */
  #over = false;

  constructor(
    head: RequestHead,
    stream: ServerHttp2Stream,
    readonly peer: Peer,
    surroundings: ServerCallSurroundings,
  ) {
    const { leftMs, type, encoding, kind } = head;
    const { clock, maxMessageBytes, trailing } = surroundings;
    this.service = head.service;
    this.endpoint = head.endpoint;
    // The wire does not tell a unary call from a server stream.
    this.kind = readsMessages(kind) ? kind : undefined;
    this.node = head.node;
    this.metadata = head.metadata;
    this.deadline = leftMs === Number.POSITIVE_INFINITY ? leftMs : clock.now() + leftMs;
    this.contentType = type.contentType;
    this.#head = head;
    this.#stream = stream;
    this.#surroundings = surroundings;
    this.#decoder = new MessageDecoder(type.codec, encoding, maxMessageBytes);
    this.#output = new ReplyOutput(stream, type.wire, trailing);
    stream.on('aborted', this.#onBroken);
    stream.on('close', this.#onClose);
  }

  /** Reads the request and hands it to `handler`; one that streams, or that nobody can serve, is handed over as it begins. */
  serve(handler: Pick<CallHandler, 'handle'>): void {
    this.#handler = handler;
    const { kind, endsBeforeReset } = this.#head;
    if (readsMessages(kind)) {
      this.#requests = new RequestMessages(this.#stream, this.#decoder, endsBeforeReset, this);
      this.#dispatch();
    } else if (kind === undefined) this.#dispatch();
    else new RequestMessage(this.#stream, this.#decoder, this);
  }

  onRequest(bytes: Buffer, compressed: boolean): void {
    if (this.#over) return;
    this.#request = bytes;
    if (compressed) this.metadata = withEncoding(this.metadata, this.#head.encoding);
    this.#dispatch();
  }

  onBadRequest(error: ServiceError): void {
    this.fail(error);
  }

  onCutOff(): void {
    if (!this.#over) this.#cancel(requestsCutOff());
  }

  decode(schema?: Schema, plan?: BuildPlan): unknown {
    const request = this.#request;
    if (request === undefined) throw new ServiceError('FailedPrecondition', 'there is no request to decode');
    this.#request = undefined;
    try {
      return this.#decoder.decode(request, schema, plan);
    } catch (thrown) {
      throw ServiceError.from(thrown).with({ executed: 'no' });
    }
  }

  messages(schema?: Schema, plan?: BuildPlan): AsyncIterable<unknown> {
    if (this.#requests !== undefined) return this.#requests.messages(schema, plan);
    throw notStreamed();
  }

  reply(reply: Reply): void {
    if (this.#answered || this.#over) {
      if (reply.messages !== undefined) leaveMessages(reply.messages);
      return;
    }
    this.#reply = reply;
    this.#encoding = this.#encodingOf(reply.metadata);
    if (reply.messages !== undefined) {
      this.#answered = true;
      this.#replies = new ReplyMessages(this.#stream, reply.messages, this);
    } else this.#sendOne(reply);
  }

  fail(error: ServiceError): void {
    if (this.#answered || this.#over || this.gone) return;
    this.#answered = true;
    this.#output.refuse(errorFields(error, { ...this.#surroundings, ...this.#head }));
    this.#finish();
  }

  /** Cancels the call and answers it with `error`, whatever its handler still does. */
  end(error: ServiceError): void {
    if (this.#over) return;
    if (this.#replies !== undefined) this.#replies.end(error);
    else this.fail(error);
    this.#cancel(error);
  }

  get gone(): boolean {
    return this.#output.gone;
  }

  begin(): void {
    if (this.#begun || this.#reply === undefined) return;
    try {
      this.#output.begin(this.#reply.metadata, this.#encoding);
    } catch (thrown) {
      throw this.#unsendable(thrown);
    }
    this.#begun = true;
  }

  encode(message: unknown): Buffer {
    try {
      return this.#surroundings.encoder.encode(this.#head.type.codec, message, this.#reply?.schema, this.#encoding);
    } catch (thrown) {
      throw this.#unsendable(thrown);
    }
  }

  onRepliesEnd(error: ServiceError | undefined): void {
    const fields = error && errorFields(error, { ...this.#surroundings, ...this.#head });
    if (this.#begun) this.#output.end(fields);
    else if (fields !== undefined && !this.gone) this.#output.refuse(fields);
    this.#finish();
  }

  #dispatch(): void {
    try {
      this.#served = this.#handler?.handle(this);
    } catch (thrown) {
      this.#surroundings.logger.error('a call could not be handed over', { endpoint: this.endpoint, error: thrown });
      this.fail(unexpected(thrown));
    }
  }

  #sendOne({ value }: Reply): void {
    if (this.gone) return;
    try {
      const bytes = this.encode(value);
      this.begin();
      this.#answered = true;
      this.#output.endWith(bytes);
      this.#finish();
    } catch (thrown) {
      this.fail(ServiceError.from(thrown));
    }
  }

  /** What the handler asks for, where the caller reads it. */
  #encodingOf(metadata: Metadata): Encoding {
    const asked = metadata[encodingKey];
    const wanted = isEncoding(asked) ? asked : this.#surroundings.compression;
    return accepts(this.#head.acceptedEncodings, wanted) ? wanted : 'identity';
  }

  #unsendable(thrown: unknown): ServiceError {
    const { service, endpoint } = this;
    this.#surroundings.logger.error('a reply could not be sent', { service, endpoint, error: thrown });
    return unsendableReply(thrown);
  }

  #finish(): void {
    this.#over = true;
    if (this.#requests?.ended === false) this.#requests.fail(callAnswered());
  }

  readonly #onBroken = (): void => {
    if (!this.#over) this.#cancel(callerGone());
  };

  readonly #onClose = (): void => {
    this.#onBroken();
    this.#surroundings.onEnded(this);
  };

  #cancel(reason: ServiceError): void {
    this.#over = true;
    this.#requests?.fail(reason);
    this.#replies?.stop();
    this.#served?.cancel(reason);
  }
}
