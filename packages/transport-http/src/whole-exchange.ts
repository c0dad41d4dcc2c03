import {
  type CallHandler,
  type EndpointKind,
  type IncomingCall,
  type Metadata,
  type Peer,
  type Reply,
  type Schema,
  type ServedCall,
  ServiceError,
  type WholeRequest,
  type WholeRequestListener,
} from '@tenon/contract';
import { leaveMessages } from '@tenon/contract/authoring';
import { callerGone, notStreamed, type Peers, unexpected } from '@tenon/http';
import { decodeRequest, unsendable } from './exchange-value.js';
import type { ReplySurroundings } from './reply-stream.js';
import type { HttpAnswer, RequestHead, ServerDialect } from './server-dialect.js';
import type { Exchange } from './server-exchange.js';

/** What every exchange of whole requests shares. */
export interface WholeExchangeSurroundings extends ReplySurroundings {
  readonly dialect: ServerDialect;
  readonly peers: Peers;
  /** Called when an exchange is over. */
  onEnded(exchange: Exchange): void;
}

/** A unary call whose request arrived whole, from there to the end of its answer; the call as the server sees it. */
export class WholeExchange implements IncomingCall, WholeRequestListener, Exchange {
  readonly deadline: number;
  isUnderWay = false;
  nextUnderWay: Exchange | undefined = undefined;
  previousUnderWay: Exchange | undefined = undefined;
  readonly #head: RequestHead;
  readonly #request: WholeRequest;
  readonly #surroundings: WholeExchangeSurroundings;
  #served: ServedCall | undefined = undefined;
  #over = false;

  /** @param leftMs - of the time for the call, from now; in place of what the head says. */
  constructor(head: RequestHead, leftMs: number, request: WholeRequest, surroundings: WholeExchangeSurroundings) {
    this.deadline = leftMs === Number.POSITIVE_INFINITY ? leftMs : surroundings.clock.now() + leftMs;
    this.#head = head;
    this.#request = request;
    this.#surroundings = surroundings;
    request.listener = this;
  }

  get service(): string {
    return this.#head.service;
  }

  get endpoint(): string {
    return this.#head.endpoint;
  }

  get kind(): EndpointKind | undefined {
    return this.#head.kind;
  }

  get node(): string | undefined {
    return this.#head.node;
  }

  get metadata(): Metadata {
    return this.#head.metadata;
  }

  get contentType(): string {
    return this.#head.contentType;
  }

  get peer(): Peer {
    return this.#surroundings.peers.of(this.#request.socket);
  }

  serve(handler: CallHandler): void {
    try {
      this.#served = handler.handle(this);
    } catch (thrown) {
      this.#surroundings.logger.error('a call could not be handed over', { endpoint: this.endpoint, error: thrown });
      this.fail(unexpected(thrown));
    }
  }

  decode(schema?: Schema): unknown {
    return decodeRequest(this.#head, this.#request.body, schema);
  }

  messages(): AsyncIterable<unknown> {
    throw notStreamed();
  }

  reply(reply: Reply): void {
    if (reply.messages !== undefined) {
      leaveMessages(reply.messages);
      this.fail(new ServiceError('Internal', 'a unary call was answered with a stream', { executed: 'yes' }));
    } else if (!this.#over) this.#send(this.#encoded(reply));
  }

  fail(error: ServiceError): void {
    if (!this.#over) this.#send(this.#surroundings.dialect.error(this.#head, error));
  }

  closeAfterwards(): void {
    this.#request.closeAfterwards();
  }

  end(error: ServiceError): void {
    if (this.#over) return;
    this.closeAfterwards();
    this.fail(error);
    this.#served?.cancel(error);
  }

  onEnd(): void {
    if (!this.#over) {
      this.#over = true;
      this.#served?.cancel(callerGone());
    }
    this.#surroundings.onEnded(this);
  }

  #encoded(reply: Reply): HttpAnswer {
    const { dialect, logger } = this.#surroundings;
    try {
      return dialect.reply(this.#head, reply);
    } catch (thrown) {
      return dialect.error(this.#head, unsendable(thrown, this.#head, logger));
    }
  }

  #send({ status, fields, body }: HttpAnswer): void {
    this.#over = true;
    this.#request.answer(status, fields, body);
  }
}
