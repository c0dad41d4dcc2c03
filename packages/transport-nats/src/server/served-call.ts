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
import { encoded } from '../encoded.js';
import {
  type Frame,
  type FramePart,
  frameTypes,
  headAndBody,
  headed,
  noBytes,
  numbersContent,
  numbersIn,
} from '../frame.js';
import type { FrameAssembly } from '../frame-assembly.js';
import { errorContent, metadataHead, type OpenHead } from '../heads.js';
import { Inbox, type InboxOwner } from '../stream/inbox.js';
import { leave, Outbox, type OutboxOwner } from '../stream/outbox.js';
import { costOf } from '../stream/window.js';
import { fromHandler, unfit } from './served-errors.js';

/** What a served call needs of its listener. */
export interface ServedLine {
  /** Where the caller is: what it gets no more of is noticed elsewhere. */
  send(type: number, content: Uint8Array): void;
  /** Hears of the end, once, with the error that the caller got or undefined. */
  ended(error: ServiceError | undefined): void;
}

interface NatsServedCallParts {
  readonly head: OpenHead;
  readonly body: Buffer;
  /** The caller's subject. */
  readonly from: string;
  readonly codec: OpenCodec;
  /** By this side's clock. */
  readonly deadline: number;
  readonly maxMessageBytes: number;
  readonly assembly: FrameAssembly;
  readonly line: ServedLine;
}

/**
 * The called end of one call, in the hands of the handler. It ends with the last frame of its answer, or when its caller is
 * gone; after that the handler may go on, and what it answers goes nowhere.
 */
export class NatsServedCall implements IncomingCall, InboxOwner, OutboxOwner {
  readonly service: string;
  readonly endpoint: string;
  readonly kind: OpenHead['kind'];
  readonly node: string | undefined;
  readonly metadata: IncomingCall['metadata'];
  readonly deadline: number;
  readonly peer: IncomingCall['peer'];
  readonly contentType: string;
  readonly #parts: NatsServedCallParts;
  /** Undefined where the caller does not stream. */
  readonly #requests: Inbox | undefined;
  #requestSchema: Schema | undefined;
  #replySchema: Schema | undefined;
  #replies: Outbox | undefined;
  #served: ServedCall | undefined;
  #isAnswered = false;
  #hasEnded = false;
  #canceled: ServiceError | undefined;

  constructor(parts: NatsServedCallParts) {
    const { head } = parts;
    this.#parts = parts;
    this.service = head.service;
    this.endpoint = head.endpoint;
    this.kind = head.kind;
    this.node = head.node;
    this.metadata = head.metadata;
    this.deadline = parts.deadline;
    this.peer = Object.freeze({ address: parts.from, transport: 'nats' });
    this.contentType = parts.codec.contentType;
    this.#requests = clientStreams(head.kind) ? new Inbox(this) : undefined;
  }

  serve(handler: CallHandler): void {
    this.#served = handler.handle(this);
    // The handler itself may have closed the listener, before there was anyone to tell.
    if (this.#canceled !== undefined) this.#served.cancel(this.#canceled);
  }

  /** Takes a part of what else the caller sends. What cannot be read ends the call. */
  receive(part: FramePart): void {
    if (this.#hasEnded) return;
    try {
      const frame = this.#parts.assembly.take(part);
      if (frame !== undefined) this.#take(frame);
    } catch (thrown) {
      this.#refuse(ServiceError.from(thrown).with({ executed: 'yes', refusal: undefined }));
    }
  }

  /** The caller left, or the way to it did. */
  cancel(reason: ServiceError): void {
    if (this.#hasEnded) return;
    this.#canceled = reason;
    this.#end(reason);
    this.#requests?.abort(reason);
    this.#served?.cancel(reason);
  }

  /** The server gives up: caller and handler are told. */
  abandon(reason: ServiceError): void {
    if (this.#hasEnded) return;
    this.#parts.line.send(frameTypes.error, errorContent(reason, undefined));
    this.cancel(reason);
  }

  decode(schema?: Schema): unknown {
    const { body, codec } = this.#parts;
    if (!clientStreams(this.kind)) return codec.decode(body, schema);
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
    if (this.#isAnswered || this.#hasEnded) {
      if (messages !== undefined) leave(messages);
      return;
    }
    this.#isAnswered = true;
    try {
      this.#answer(reply);
    } catch (thrown) {
      if (messages !== undefined) leave(messages);
      this.#finishWith(unfit(thrown));
    }
  }

  fail(error: ServiceError): void {
    if (this.#isAnswered || this.#hasEnded) return;
    this.#isAnswered = true;
    this.#finishWith(fromHandler(error));
  }

  read(bytes: Uint8Array): unknown {
    try {
      return this.#parts.codec.decode(bytes, this.#requestSchema);
    } catch (thrown) {
      // The codec cannot know that a handler runs already.
      throw ServiceError.from(thrown).with({ executed: 'yes' });
    }
  }

  taken(bytes: number): void {
    if (!this.#hasEnded) this.#parts.line.send(frameTypes.credit, numbersContent([bytes]));
  }

  left(): void {
    if (!this.#hasEnded) this.#parts.line.send(frameTypes.stop, noBytes);
  }

  send(value: unknown): number {
    try {
      const bytes = this.#encoded(value);
      this.#parts.line.send(frameTypes.message, bytes);
      return costOf(bytes.length);
    } catch (thrown) {
      this.#finishWith(unfit(thrown));
      return 0;
    }
  }

  sent(): void {
    this.#finish(frameTypes.end, noBytes);
  }

  sendingFailed(thrown: unknown): void {
    this.#finishWith(fromHandler(thrown));
  }

  #take({ type, content }: Frame): void {
    switch (type) {
      case frameTypes.message:
        this.#push(content);
        return;
      case frameTypes.end:
        this.#requests?.end();
        return;
      case frameTypes.credit:
        this.#replies?.credit(numbersIn(content)[0] ?? 0);
        return;
      case frameTypes.cancel: {
        const { code, rawMessage } = ServiceError.fromRecord(headAndBody(content).head);
        this.cancel(ServiceError.refusal(code, rawMessage, { executed: 'maybe' }));
        return;
      }
      default:
        throw ServiceError.refusal('InvalidArgument', `a caller does not send type ${type}`);
    }
  }

  #push(bytes: Uint8Array): void {
    const { maxMessageBytes } = this.#parts;
    if (bytes.length > maxMessageBytes) {
      const sizes = `a message of ${bytes.length} bytes is over the limit of ${maxMessageBytes}`;
      throw ServiceError.refusal('ResourceExhausted', sizes);
    }
    if (this.#requests?.push(bytes) === false) {
      throw ServiceError.refusal('ResourceExhausted', 'more messages than there was credit for');
    }
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
      this.#finish(frameTypes.reply, headed(metadataHead(metadata), this.#encoded(reply.value)));
      return;
    }
    this.#parts.line.send(frameTypes.head, headed(metadataHead(metadata)));
    this.#replies = new Outbox(reply.messages, this);
  }

  #encoded(value: unknown): Buffer {
    return encoded(this.#parts.codec, value, this.#replySchema, this.#parts.maxMessageBytes);
  }

  /** What the caller sent is not to be had: caller and handler are told. */
  #refuse(error: ServiceError): void {
    this.#parts.line.send(frameTypes.error, errorContent(error, this.#parts.codec));
    this.cancel(error);
  }

  #finishWith(error: ServiceError): void {
    this.#finish(frameTypes.error, errorContent(error, this.#parts.codec), error);
  }

  /** Sends the last frame. */
  #finish(type: number, content: Uint8Array, error?: ServiceError): void {
    if (this.#hasEnded) return;
    this.#parts.line.send(type, content);
    this.#end(error);
    // Whoever still reads requests would wait for ever.
    this.#requests?.abort(new ServiceError('Canceled', 'the call has been answered', { executed: 'yes' }));
  }

  #end(error: ServiceError | undefined): void {
    this.#hasEnded = true;
    this.#parts.assembly.drop();
    this.#replies?.stop();
    this.#parts.line.ended(error);
  }
}
