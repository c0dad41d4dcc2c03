import {
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
import { type CodecSet, leaveMessages, type UnderWayEntry } from '@tenon/contract/authoring';
import { callAnswered, callerGone, notStreamed, requestsCutOff, unexpected } from '@tenon/http';
import { decodeRequest, unsendable } from './exchange-value.js';
import { ReplyStream } from './reply-stream.js';
import { type BodyReceiver, RequestBody } from './request-body.js';
import { RequestStream, type RequestStreamOwner } from './request-stream.js';
import type { HttpAnswer, RequestHead, ServerDialect } from './server-dialect.js';
import type { ServerWire } from './server-wire.js';

/** A request that a listener answers, from its head to the end of its answer. */
export interface Exchange extends UnderWayEntry<Exchange> {
  /** From here on the connection ends with the answer, and the caller is told so. */
  closeAfterwards(): void;
  /** Cancels the call and answers it with `error`, whatever its handler still does. */
  end(error: ServiceError): void;
}

/** What every exchange of a listener shares. */
export interface ExchangeSurroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly codecs: CodecSet;
  readonly maxMessageBytes: number;
  /** Called when an exchange is over. */
  onEnded(exchange: Exchange): void;
}

/** One request from its head to the end of its answer; the call as the server sees it. */
export class ServerExchange implements IncomingCall, BodyReceiver, RequestStreamOwner, Exchange {
  readonly service: string;
  readonly endpoint: string;
  readonly kind: EndpointKind | undefined;
  readonly node: string | undefined;
  readonly metadata: Metadata;
  readonly deadline: number;
  readonly contentType: string;
  isUnderWay = false;
  nextUnderWay: Exchange | undefined = undefined;
  previousUnderWay: Exchange | undefined = undefined;
  readonly #head: RequestHead;
  readonly #wire: ServerWire;
  readonly #dialect: ServerDialect;
  readonly #surroundings: ExchangeSurroundings;
  #handler: CallHandler | undefined = undefined;
  #served: ServedCall | undefined = undefined;
  #body: Buffer = nothing;
  #requests: RequestStream | undefined = undefined;
  #replies: ReplyStream | undefined = undefined;
  /** The handler has answered, or the call was answered in its place. */
  #answered = false;
  /** The call has ended, or nobody waits for its end. */
  #over = false;

  constructor(head: RequestHead, wire: ServerWire, dialect: ServerDialect, surroundings: ExchangeSurroundings) {
    this.service = head.service;
    this.endpoint = head.endpoint;
    this.kind = head.kind;
    this.node = head.node;
    this.metadata = head.metadata;
    this.deadline = head.leftMs === Number.POSITIVE_INFINITY ? head.leftMs : surroundings.clock.now() + head.leftMs;
    this.contentType = head.contentType;
    this.#head = head;
    this.#wire = wire;
    this.#dialect = dialect;
    this.#surroundings = surroundings;
    wire.onBroken(this.#onBroken);
    wire.onClose(this.#onClose);
  }

  get peer(): Peer {
    return this.#wire.peer;
  }

  /** Reads the request and hands it to `handler`; one that streams is handed over as it begins. */
  serve(handler: CallHandler, announcedBytes: number): void {
    this.#handler = handler;
    const { maxMessageBytes } = this.#surroundings;
    if (!this.#head.requestStreams) {
      new RequestBody(this.#wire.body, this, maxMessageBytes).read(announcedBytes);
      return;
    }
    this.#requests = new RequestStream(this.#wire, this.#head.codec, maxMessageBytes, this);
    this.#dispatch();
  }

  /** Hands the call to `handler` with a body that was read already. */
  serveBody(handler: CallHandler, body: Buffer): void {
    this.#handler = handler;
    this.onBody(body);
  }

  onBody(body: Buffer): void {
    if (this.#over) return;
    this.#body = body;
    this.#dispatch();
  }

  onBodyTooLarge(): void {
    const { maxMessageBytes } = this.#surroundings;
    this.#wire.dropBody(maxMessageBytes);
    const text = `the request is over the limit of ${maxMessageBytes} bytes`;
    this.#send(this.#dialect.tooLarge(this.#head, new ServiceError('ResourceExhausted', text, { executed: 'no' })));
  }

  onEnough(): void {
    if (this.#over) return;
    if (this.#replies?.begun === true) this.#replies.refuseRequests();
    else this.#wire.refuseRequests();
  }

  onCutOff(): void {
    if (this.#over) return;
    this.#cancel(requestsCutOff());
    // Where it was a reset that ended them, this does nothing.
    setImmediate(() => this.#wire.destroy());
  }

  decode(schema?: Schema): unknown {
    const body = this.#body;
    this.#body = nothing;
    return decodeRequest(this.#head, body, schema);
  }

  messages(schema?: Schema): AsyncIterable<unknown> {
    if (this.#requests !== undefined) return this.#requests.messages(schema);
    throw notStreamed();
  }

  reply(reply: Reply): void {
    if (this.#answered || this.#over) {
      if (reply.messages !== undefined) leaveMessages(reply.messages);
      return;
    }
    if (reply.messages !== undefined) this.#stream(reply, reply.messages);
    else this.#send(this.#encoded(reply));
  }

  fail(error: ServiceError): void {
    this.#send(this.#dialect.error(this.#head, error));
  }

  closeAfterwards(): void {
    this.#wire.closeAfterwards();
  }

  end(error: ServiceError): void {
    if (this.#over) return;
    this.closeAfterwards();
    const replies = this.#replies;
    if (replies !== undefined) replies.end(error);
    else this.fail(error);
    this.#cancel(error);
  }

  #dispatch(): void {
    try {
      this.#served = this.#handler?.handle(this);
    } catch (thrown) {
      this.#surroundings.logger.error('a call could not be handed over', { endpoint: this.endpoint, error: thrown });
      this.fail(unexpected(thrown));
    }
  }

  #encoded(reply: Reply): HttpAnswer {
    try {
      return this.#dialect.reply(this.#head, reply);
    } catch (thrown) {
      return this.#dialect.error(this.#head, this.#unsendable(thrown));
    }
  }

  #stream(reply: Reply, messages: AsyncIterable<unknown>): void {
    this.#answered = true;
    this.#replies = new ReplyStream(this.#head, this.#wire, reply, this.#surroundings, {
      onRefused: (thrown) => {
        this.#answered = false;
        this.fail(thrown);
      },
      onDone: () => this.#finish(),
      unsendable: (thrown) => this.#unsendable(thrown),
    });
    this.#replies.start(messages);
  }

  #send(answer: HttpAnswer): void {
    if (this.#answered || this.#over || this.#wire.gone) return;
    this.#answered = true;
    this.#wire.answer(answer);
    this.#finish();
  }

  #finish(): void {
    this.#over = true;
    if (this.#requests?.ended === false) this.#requests.fail(callAnswered());
  }

  #unsendable(thrown: unknown): ServiceError {
    return unsendable(thrown, this.#head, this.#surroundings.logger);
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

const nothing = Buffer.alloc(0);
