import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import {
  type CallHandler,
  type ClaimedConnection,
  type IncomingCall,
  type Listener,
  type ServedCall,
  type WholeRequestClaim,
} from '@tenon/contract';
import { UnderWay } from '@tenon/contract/authoring';
import { Peers, serverDraining, serverStopped } from '@tenon/http';
import { HeaderFields } from './header-fields.js';
import { Http1Wire } from './http1-wire.js';
import { Http2Wire } from './http2-wire.js';
import { isRpcPath, RpcServer } from './json-rpc/rpc-server.js';
import { EventExchange } from './mucp/event-exchange.js';
import type { MucpServer } from './mucp/mucp-server.js';
import { OpenedBody } from './mucp/opened-request.js';
import { isMucp, mayBeEnvelope } from './mucp/request-kind.js';
import { StreamLink } from './mucp/stream-link.js';
import type { ReplySurroundings } from './reply-stream.js';
import { type HttpAnswer, type HttpRequest, isAnswer, type RequestHead, type ServerDialect } from './server-dialect.js';
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
  readonly #mucp: MucpServer;
  readonly #rpc: RpcServer;
  readonly #handler: CallHandler;
  readonly #surroundings: ExchangeSurroundings;
  readonly #peers = new Peers('http');
  readonly #underWay = new UnderWay<Exchange>();
  #refusing = false;
  /** Serves the plain unary calls of HTTP/1.1 that arrive whole. */
  readonly whole: WholeRequestClaim;

  constructor(
    dialects: { readonly plain: ServerDialect; readonly mucp: MucpServer },
    handler: CallHandler,
    surroundings: ReplySurroundings,
  ) {
    this.#plain = dialects.plain;
    this.#mucp = dialects.mucp;
    this.#handler = handler;
    const onEnded = (exchange: Exchange): void => this.#underWay.remove(exchange);
    this.#surroundings = { ...surroundings, onEnded };
    this.#rpc = new RpcServer(this.#surroundings);
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
    const asked = { version: 1, method, path: url, fields } as const;
    const wire = new Http1Wire(request, response, this.#peers);
    if (isMucp(fields)) this.#serveMucp(asked, wire);
    else if (mayBeEnvelope(method, url, fields)) this.#serveEnvelope(asked, wire);
    else this.#servePlain(asked, wire);
  };

  /** Serves a request of HTTP/2, which go-micro does not speak. */
  readonly handleHttp2 = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    const fields = HeaderFields.ofHttp2(headers);
    const { ':method': method = '', ':path': path = '/' } = headers;
    this.#servePlain({ version: 2, method, path, fields }, new Http2Wire(stream, this.#peers));
  };

  /** Serves a connection that begins with a stream of go-micro's. */
  readonly handleStream = (connection: ClaimedConnection): void => {
    new StreamLink(connection, {
      dialect: this.#mucp,
      surroundings: this.#surroundings,
      serving: () => ({ handler: this.#serving, refuses: this.#refusing }),
      onBegun: (exchange) => {
        this.#begun(exchange);
      },
    });
  };

  async drain(signal: AbortSignal): Promise<void> {
    this.#refusing = true;
    for (const exchange of this.#underWay.all()) exchange.closeAfterwards();
    await this.#underWay.drained(signal, () => this.#endAll());
  }

  async close(): Promise<void> {
    this.#refusing = true;
    this.#endAll();
  }

  #servePlain(request: HttpRequest, wire: ServerWire): void {
    if (isRpcPath(request.path)) this.#attempt(wire, () => this.#serveRpc(request, wire));
    else this.#attempt(wire, () => this.#serve(request, wire, this.#plain));
  }

  #serveMucp(request: HttpRequest, wire: ServerWire): void {
    const { fields } = request;
    this.#attempt(wire, () => {
      if (fields.micro('topic') !== undefined)
        this.#begun(new EventExchange(fields, wire, this.#surroundings)).serve(this.#serving);
      else if (this.#mucp.envelopeOf(fields) === undefined) this.#serve(request, wire, this.#mucp);
      else this.#open(request, wire, (answer) => answer);
    });
  }

  /** What is no envelope after all gets the answer that says how to ask. */
  #serveEnvelope(request: HttpRequest, wire: ServerWire): void {
    this.#attempt(wire, () => {
      if (this.#mucp.envelopeOf(request.fields) === undefined) this.#serve(request, wire, this.#plain);
      else this.#open(request, wire, (answer) => refusalOf(this.#plain.readHead(request, this.#handler)) ?? answer);
    });
  }

  #open(request: HttpRequest, wire: ServerWire, refused: (answer: HttpAnswer) => HttpAnswer): void {
    const { maxMessageBytes } = this.#surroundings;
    new OpenedBody(request.fields, wire, this.#mucp, maxMessageBytes, {
      onOpened: ({ head, body }) => {
        this.#begun(new ServerExchange(head, wire, this.#mucp, this.#surroundings)).serveBody(this.#serving, body);
      },
      onRefused: (answer) => wire.answer(refused(answer)),
    }).read();
  }

  #serve(request: HttpRequest, wire: ServerWire, dialect: ServerDialect): void {
    const head = dialect.readHead(request, this.#handler);
    if (isAnswer(head)) {
      wire.dropBody(this.#surroundings.maxMessageBytes);
      wire.answer(head);
      return;
    }
    const exchange = this.#begun(new ServerExchange(head, wire, dialect, this.#surroundings));
    exchange.serve(this.#serving, Number(request.fields.contentLength));
  }

  #serveRpc(request: HttpRequest, wire: ServerWire): void {
    const begun = this.#rpc.begin(request, wire);
    if (!('status' in begun)) {
      this.#begun(begun).serve(this.#serving);
      return;
    }
    wire.dropBody(this.#surroundings.maxMessageBytes);
    wire.answer(begun);
  }

  #attempt(wire: ServerWire, serve: () => void): void {
    try {
      if (this.#refusing) wire.closeAfterwards();
      serve();
    } catch (error) {
      this.#surroundings.logger.error('an HTTP request could not be answered', { error });
      wire.destroy();
    }
  }

  get #serving(): CallHandler {
    return this.#refusing ? refusingHandler : this.#handler;
  }

  /** From here on the drain waits for it. */
  #begun<E extends Exchange>(exchange: E): E {
    if (!this.#refusing) this.#underWay.add(exchange);
    return exchange;
  }

  #endAll(): void {
    const error = serverStopped();
    for (const exchange of this.#underWay.all()) {
      exchange.end(error);
      this.#underWay.remove(exchange);
    }
  }
}

const nothingToCancel: ServedCall = Object.freeze({ cancel: () => {} });

function refusalOf(read: RequestHead | HttpAnswer): HttpAnswer | undefined {
  return isAnswer(read) ? read : undefined;
}

const refusingHandler: CallHandler = Object.freeze({
  handle: (call: IncomingCall) => {
    call.fail(serverDraining());
    return nothingToCancel;
  },
  refusal: () => undefined,
  kindOf: () => undefined,
  deliver: () => Promise.reject(serverDraining()),
});
