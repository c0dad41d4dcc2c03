import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import {
  type CallHandler,
  type IncomingCall,
  type Listener,
  type ServedCall,
  ServiceError,
  type WholeRequestClaim,
} from '@tenon/contract';
import { Peers, UnderWay } from '@tenon/contract/authoring';
import { HeaderFields } from './header-fields.js';
import { Http1Wire } from './http1-wire.js';
import { Http2Wire } from './http2-wire.js';
import { isMucp } from './mucp-server.js';
import type { ReplySurroundings } from './reply-stream.js';
import { type HttpRequest, isAnswer, type ServerDialect } from './server-dialect.js';
import { type Exchange, type ExchangeSurroundings, ServerExchange } from './server-exchange.js';
import type { ServerWire } from './server-wire.js';
import type { WholeExchange } from './whole-exchange.js';
import { WholeRequests, type WholeRequestsOwner } from './whole-requests.js';

/** Answers the HTTP requests of a port, each in the dialect that it came in. */
export class HttpListener implements Listener, WholeRequestsOwner {
  /** It shares the port of its server. */
  readonly address = '';
  /** What go-micro looks for before it calls a node. */
  readonly metadata = Object.freeze({ protocol: 'mucp', transport: 'http', server: 'mucp' });
  readonly #plain: ServerDialect;
  readonly #mucp: ServerDialect;
  readonly #handler: CallHandler;
  readonly #surroundings: ExchangeSurroundings;
  readonly #peers = new Peers('http');
  readonly #underWay = new UnderWay<Exchange>();
  #refusing = false;
  /** Serves the plain unary calls of HTTP/1.1 that arrive whole. */
  readonly whole: WholeRequestClaim;

  constructor(
    dialects: { readonly plain: ServerDialect; readonly mucp: ServerDialect },
    handler: CallHandler,
    surroundings: ReplySurroundings,
  ) {
    this.#plain = dialects.plain;
    this.#mucp = dialects.mucp;
    this.#handler = handler;
    const onEnded = (exchange: Exchange): void => this.#underWay.remove(exchange);
    this.#surroundings = { ...surroundings, onEnded };
    const shared = { ...surroundings, onEnded, dialect: dialects.plain, peers: this.#peers };
    this.whole = new WholeRequests(handler, shared, this);
  }

  /** Whether every call is refused. */
  get refusing(): boolean {
    return this.#refusing;
  }

  /** Serves a call whose request is there. */
  serve(exchange: WholeExchange): void {
    if (this.#refusing) exchange.closeAfterwards();
    else this.#underWay.add(exchange);
    exchange.serve(this.#refusing ? refusingHandler : this.#handler);
  }

  /** Serves a request of HTTP/1.1. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const fields = HeaderFields.ofRaw(request.rawHeaders);
    const { method = '', url = '/' } = request;
    const dialect = isMucp(fields) ? this.#mucp : this.#plain;
    this.#serve({ version: 1, method, path: url, fields }, new Http1Wire(request, response, this.#peers), dialect);
  };

  /** Serves a request of HTTP/2, which go-micro does not speak. */
  readonly handleHttp2 = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    const fields = HeaderFields.ofHttp2(headers);
    const { ':method': method = '', ':path': path = '/' } = headers;
    this.#serve({ version: 2, method, path, fields }, new Http2Wire(stream, this.#peers), this.#plain);
  };

  async drain(signal: AbortSignal): Promise<void> {
    this.#refusing = true;
    for (const exchange of this.#underWay.all()) exchange.closeAfterwards();
    if (this.#underWay.empty) return;
    const stop = (): void => this.#endAll();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    await this.#underWay.emptied();
    signal.removeEventListener('abort', stop);
  }

  async close(): Promise<void> {
    this.#refusing = true;
    this.#endAll();
  }

  #serve(request: HttpRequest, wire: ServerWire, dialect: ServerDialect): void {
    try {
      if (this.#refusing) wire.closeAfterwards();
      const head = dialect.readHead(request, this.#handler);
      if (isAnswer(head)) {
        wire.dropBody(this.#surroundings.maxMessageBytes);
        wire.answer(head);
        return;
      }
      const exchange = new ServerExchange(head, wire, dialect, this.#surroundings);
      if (!this.#refusing) this.#underWay.add(exchange);
      exchange.serve(this.#refusing ? refusingHandler : this.#handler, Number(request.fields.contentLength));
    } catch (error) {
      this.#surroundings.logger.error('an HTTP request could not be answered', { error });
      wire.destroy();
    }
  }

  #endAll(): void {
    const error = new ServiceError('Unavailable', 'the server stopped before the call had ended');
    for (const exchange of this.#underWay.all()) {
      exchange.end(error);
      this.#underWay.remove(exchange);
    }
  }
}

function draining(): ServiceError {
  const text = 'the server is stopping; go to another node';
  return ServiceError.refusal('Unavailable', text, { executed: 'no', refusal: 'draining' });
}

const nothingToCancel: ServedCall = Object.freeze({ cancel: () => {} });

const refusingHandler: CallHandler = Object.freeze({
  handle: (call: IncomingCall) => {
    call.fail(draining());
    return nothingToCancel;
  },
  refusal: () => undefined,
  kindOf: () => undefined,
});
