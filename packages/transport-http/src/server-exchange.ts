import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type CallHandler,
  type Clock,
  type IncomingCall,
  type Logger,
  type Peer,
  type Reply,
  type Schema,
  ServiceError,
} from '@tenon/contract';
import { dropBody, readBody } from './request-body.js';
import { type HttpAnswer, isAnswer, type RequestHead, type ServerDialect } from './server-dialect.js';

/** What every exchange of a listener shares. */
export interface ExchangeSurroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxMessageBytes: number;
}

/** One request from its head to its answer. */
export class ServerExchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #dialect: ServerDialect;
  readonly #surroundings: ExchangeSurroundings;
  readonly #cancelListeners: ((reason: ServiceError) => void)[] = [];
  #cancelled: ServiceError | undefined;
  #answered = false;
  #head: RequestHead | undefined;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    dialect: ServerDialect,
    surroundings: ExchangeSurroundings,
  ) {
    this.#request = request;
    this.#response = response;
    this.#dialect = dialect;
    this.#surroundings = surroundings;
    response.once('close', () => this.#cancel(new ServiceError('Canceled', 'the caller went away before the reply')));
  }

  /** Serves the call through `handler`. What fails on the way is answered; a rejection is a fault of this package. */
  async serve(handler: CallHandler): Promise<void> {
    const { maxMessageBytes } = this.#surroundings;
    const head = this.#dialect.readHead(this.#request);
    if (isAnswer(head)) {
      dropBody(this.#request, maxMessageBytes);
      this.#send(head);
      return;
    }
    this.#head = head;
    const body = await readBody(this.#request, maxMessageBytes);
    if (body === 'cut off') return;
    if (body === 'too large') this.#send(this.#dialect.tooLarge(head, tooLarge(maxMessageBytes)));
    else this.#send(await this.#answer(handler, head, body));
  }

  /** From here on the connection ends with the answer, and the caller is told so. */
  closeAfterwards(): void {
    if (!this.#response.headersSent) this.#response.setHeader('Connection', 'close');
  }

  /** Cancels the call and answers it with `error`, whatever its handler still does. */
  end(error: ServiceError): void {
    this.#cancel(error);
    this.closeAfterwards();
    if (this.#head === undefined) this.#response.destroy();
    else this.#send(this.#dialect.error(this.#head, error));
  }

  async #answer(handler: CallHandler, head: RequestHead, body: Buffer): Promise<HttpAnswer> {
    let reply: Reply;
    try {
      reply = await handler.unary(this.#incoming(head, body));
    } catch (thrown) {
      return this.#dialect.error(head, thrown instanceof ServiceError ? thrown : unexpected(thrown));
    }
    try {
      return this.#dialect.reply(head, reply, this.#surroundings.maxMessageBytes);
    } catch (thrown) {
      const { service, endpoint } = head;
      this.#surroundings.logger.error('a reply could not be encoded', { service, endpoint, error: thrown });
      return this.#dialect.error(head, unsendable(ServiceError.from(thrown)));
    }
  }

  #incoming(head: RequestHead, body: Buffer): IncomingCall {
    return {
      service: head.service,
      endpoint: head.endpoint,
      node: head.node,
      metadata: head.metadata,
      deadline: this.#surroundings.clock.now() + head.leftMs,
      peer: peerOf(this.#request),
      contentType: head.contentType,
      decode: (schema?: Schema): unknown => {
        // A caller without arguments often sends no body at all; in JSON no bytes are no value.
        const bare = body.length === 0 && head.codec.contentType === 'application/json';
        return bare ? {} : head.codec.decode(body, schema);
      },
      onCancel: (listener): void => {
        if (this.#cancelled !== undefined) listener(this.#cancelled);
        else this.#cancelListeners.push(listener);
      },
    };
  }

  #cancel(reason: ServiceError): void {
    if (this.#answered || this.#cancelled !== undefined) return;
    this.#cancelled = reason;
    for (const listener of this.#cancelListeners.splice(0)) listener(reason);
  }

  #send(answer: HttpAnswer): void {
    if (this.#answered || this.#response.destroyed) return;
    this.#answered = true;
    const response = this.#response;
    response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
    response.end(answer.body);
  }
}

function peerOf(request: IncomingMessage): Peer {
  const { remoteAddress = 'unknown', remotePort = 0 } = request.socket;
  const host = remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress;
  return { address: `${host}:${remotePort}`, transport: 'http' };
}

function tooLarge(maxBytes: number): ServiceError {
  return new ServiceError('ResourceExhausted', `the request is over the limit of ${maxBytes} bytes`, {
    executed: 'no',
  });
}

function unsendable(cause: ServiceError): ServiceError {
  const code = cause.code === 'ResourceExhausted' ? 'ResourceExhausted' : 'Internal';
  return new ServiceError(code, `the reply could not be sent: ${cause.rawMessage}`, { cause, executed: 'yes' });
}

/** A handler that breaks its promise to reject with nothing but a `ServiceError`. Its text may hold secrets. */
function unexpected(cause: unknown): ServiceError {
  return new ServiceError('Internal', 'the call failed unexpectedly', { cause });
}
