import {
  type CallHandler,
  checkedMetadata,
  clientStreams,
  type IncomingCall,
  type Reply,
  type Schema,
  type ServedCall,
  ServiceError,
  serverStreams,
} from '@tenon/contract';
import type { OpenCodec } from '@tenon/contract/authoring';
import { Inbox, type InboxOwner } from './inbox.js';
import type { Lane } from './lane.js';
import { leave, Outbox, type OutboxOwner } from './outbox.js';
import { type CalledEnd, errorFrame, type ReplyFrame, type RequestFrame, type WireRequest } from './wire.js';

interface MemoryCallParts {
  readonly request: WireRequest;
  readonly codec: OpenCodec;
  /** By this side's clock. */
  readonly deadline: number;
  readonly maxMessageBytes: number;
  readonly lane: Lane<ReplyFrame>;
  /** Hears of the end, once. */
  readonly ended: (call: MemoryCall) => void;
}

/**
 * The called end of one call, in the hands of the handler. It ends with the last frame of its answer, or when its caller is
 * gone; after that the handler may go on, and what it answers goes nowhere.
 */
export class MemoryCall implements IncomingCall, CalledEnd, InboxOwner, OutboxOwner {
  readonly service: string;
  readonly endpoint: string;
  readonly kind: WireRequest['kind'];
  readonly node: string | undefined;
  readonly metadata: IncomingCall['metadata'];
  readonly deadline: number;
  readonly peer: IncomingCall['peer'];
  readonly contentType: string;
  readonly #parts: MemoryCallParts;
  /** Undefined where the caller does not stream. */
  readonly #requests: Inbox | undefined;
  #requestSchema: Schema | undefined;
  #replySchema: Schema | undefined;
  #replies: Outbox | undefined;
  #served: ServedCall | undefined;
  #answered = false;
  #ended = false;
  #canceled: ServiceError | undefined;

  constructor(parts: MemoryCallParts) {
    const { request } = parts;
    this.#parts = parts;
    this.service = request.service;
    this.endpoint = request.endpoint;
    this.kind = request.kind;
    this.node = request.node;
    this.metadata = request.metadata;
    this.deadline = parts.deadline;
    this.peer = Object.freeze({ address: request.from, transport: 'memory' });
    this.contentType = request.contentType;
    this.#requests = clientStreams(request.kind) ? new Inbox(this) : undefined;
  }

  serve(handler: CallHandler): void {
    this.#served = handler.handle(this);
    // The handler itself may have closed the listener, before there was anyone to tell.
    if (this.#canceled !== undefined) this.#served.cancel(this.#canceled);
  }

  receive(frame: RequestFrame): void {
    switch (frame.type) {
      case 'message':
        if (frame.bytes.length > this.#parts.maxMessageBytes) this.#refuse(frame.bytes.length);
        else this.#requests?.push(frame.bytes);
        return;
      case 'end':
        this.#requests?.end();
        return;
      case 'credit':
        this.#replies?.credit(frame.messages);
        return;
      case 'open':
        throw new ServiceError('Internal', 'a call was opened twice', { executed: 'maybe' });
    }
  }

  cancel(reason: ServiceError): void {
    if (this.#ended) return;
    this.#canceled = reason;
    this.#end();
    this.#requests?.abort(reason);
    this.#served?.cancel(reason);
  }

  /** The server gives up: caller and handler are told. */
  abandon(reason: ServiceError): void {
    if (this.#ended) return;
    this.#parts.lane.send(errorFrame(reason, undefined));
    this.cancel(reason);
  }

  decode(schema?: Schema): unknown {
    const { request, codec } = this.#parts;
    if (request.bytes !== undefined) return codec.decode(request.bytes, schema);
    const message = `${this.endpoint} was called as ${this.kind}: its requests are in messages()`;
    throw new ServiceError('InvalidArgument', message, { executed: 'no' });
  }

  messages(schema?: Schema): AsyncIterable<unknown> {
    this.#requestSchema = schema;
    if (this.#requests !== undefined) return this.#requests;
    const message = `${this.endpoint} was called as ${this.kind}: its request is in decode()`;
    throw new ServiceError('InvalidArgument', message, { executed: 'no' });
  }

  reply(reply: Reply): void {
    const { messages } = reply;
    if (this.#answered || this.#ended) {
      if (messages !== undefined) leave(messages);
      return;
    }
    this.#answered = true;
    try {
      this.#answer(reply);
    } catch (thrown) {
      if (messages !== undefined) leave(messages);
      this.#finish(errorFrame(unfit(thrown), this.#parts.codec));
    }
  }

  fail(error: ServiceError): void {
    if (this.#answered || this.#ended) return;
    this.#answered = true;
    this.#finish(errorFrame(fromHandler(error), this.#parts.codec));
  }

  read(bytes: Buffer): unknown {
    try {
      return this.#parts.codec.decode(bytes, this.#requestSchema);
    } catch (thrown) {
      // The codec cannot know that a handler runs already.
      throw ServiceError.from(thrown).with({ executed: 'yes' });
    }
  }

  taken(messages: number): void {
    if (!this.#ended) this.#parts.lane.send({ type: 'credit', messages });
  }

  left(): void {
    if (!this.#ended) this.#parts.lane.send({ type: 'stop' });
  }

  send(value: unknown): void {
    const { lane } = this.#parts;
    try {
      lane.send({ type: 'message', bytes: this.#encode(value) });
    } catch (thrown) {
      this.#finish(errorFrame(unfit(thrown), this.#parts.codec));
    }
  }

  sent(): void {
    this.#finish({ type: 'end' });
  }

  sendingFailed(thrown: unknown): void {
    this.#finish(errorFrame(fromHandler(thrown), this.#parts.codec));
  }

  #answer(reply: Reply): void {
    const metadata = checkedMetadata(reply.metadata);
    const streams = serverStreams(this.kind);
    if (streams !== (reply.messages !== undefined)) {
      const was = streams ? 'one value' : 'a stream';
      throw new ServiceError('Internal', `${this.endpoint} was called as ${this.kind} and answered with ${was}`);
    }
    this.#replySchema = reply.schema;
    if (reply.messages === undefined) {
      this.#finish({ type: 'value', bytes: this.#encode(reply.value), metadata });
      return;
    }
    this.#parts.lane.send({ type: 'head', metadata });
    this.#replies = new Outbox(reply.messages, this);
  }

  #encode(value: unknown): Buffer {
    return this.#parts.codec.encode(value, this.#replySchema, this.#parts.maxMessageBytes);
  }

  /** A message over the limit, as any wire refuses it before it is read. */
  #refuse(bytes: number): void {
    const { codec, lane, maxMessageBytes } = this.#parts;
    const sizes = `a message of ${bytes} bytes is over the limit of ${maxMessageBytes}`;
    const error = new ServiceError('ResourceExhausted', sizes, { executed: 'yes' });
    lane.send(errorFrame(error, codec));
    this.cancel(error);
  }

  /** Sends the last frame. */
  #finish(frame: ReplyFrame): void {
    if (this.#ended) return;
    this.#parts.lane.send(frame);
    this.#end();
    // Whoever still reads requests would wait for ever.
    this.#requests?.abort(new ServiceError('Canceled', 'the call has been answered', { executed: 'yes' }));
  }

  #end(): void {
    this.#ended = true;
    this.#replies?.stop();
    this.#parts.ended(this);
  }
}

/** Handlers fail with nothing but `ServiceError`; the text of anything else is not for the caller's eyes. */
function fromHandler(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  return new ServiceError('Internal', 'the handler failed', { executed: 'yes', cause: thrown });
}

/** Why a reply cannot be sent: too large, or nothing that the codec can write. */
function unfit(thrown: unknown): ServiceError {
  const cause = ServiceError.from(thrown);
  const code = cause.code === 'ResourceExhausted' ? cause.code : 'Internal';
  return new ServiceError(code, `the reply cannot be sent: ${cause.rawMessage}`, { cause, executed: 'yes' });
}
