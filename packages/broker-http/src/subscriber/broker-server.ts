import { createServer, type Server } from 'node:http';
import { createSecureServer, type Http2SecureServer, type SecureServerOptions } from 'node:http2';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { type Clock, type Logger, type Message, matchesTopic, ServiceError, type Tls } from '@tenon/contract';
import { DropLog } from '@tenon/contract/authoring';
import type { HostAndPort } from '../http-broker-options.js';
import { unpackEnvelope } from '../wire/go-micro-envelope.js';
import type { Subscriber } from '../wire/subscriber-record.js';
import { numberHeader, requestHeaders } from '../wire/tenon-headers.js';
import { answer, errorText, Posted, type PostRequest, type PostResponse } from './posted.js';
import { type BodyLimits, readBody } from './read-body.js';

/** A subscription, as the server sees it. */
export interface Receiver {
  readonly subscriber: Subscriber;
  /** Answers in its own time. Must not throw. */
  receive(posted: Posted): void;
}

/** What a {@link BrokerServer} works with. */
export interface ServerParts {
  readonly listen: HostAndPort;
  readonly limits: BodyLimits & { readonly maxConnections: number };
  readonly tls: Tls | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Where the messages for all subscriptions of a process arrive: HTTP/1.1, and under TLS HTTP/2 too. Each goes to the subscription whose id
 * stands in its address. Whatever else arrives is answered with an error, and never stops it.
 */
export class BrokerServer {
  readonly #parts: ServerParts;
  readonly #receivers = new Map<string, Receiver>();
  readonly #sockets = new Set<Socket>();
  readonly #refusals: DropLog;
  #server: (Server | Http2SecureServer) | undefined;
  #stopReloading: () => void = () => {};

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#refusals = new DropLog(parts.logger, parts.clock, 'requests to the broker were refused');
  }

  /** Listens, and gives the port. Rejects with `Unavailable` where it cannot. */
  async open(): Promise<number> {
    const { listen, tls, limits } = this.#parts;
    const server = tls === undefined ? this.#clearServer() : this.#secureServer(tls);
    this.#server = server;
    server.maxConnections = limits.maxConnections;
    (server as NetServer).on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(listen.port, listen.host, () => {
        server.off('error', reject);
        resolve();
      });
    }).catch((cause: Error) => {
      throw new ServiceError('Unavailable', `cannot listen on ${listen.host}:${listen.port}: ${cause.message}`, {
        executed: 'no',
        cause,
      });
    });
    return (server.address() as AddressInfo).port;
  }

  add(receiver: Receiver): void {
    this.#receivers.set(receiver.subscriber.id, receiver);
  }

  remove({ subscriber }: Receiver): void {
    this.#receivers.delete(subscriber.id);
  }

  /** Ends every connection. Twice is fine. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#stopReloading();
    this.#refusals.end();
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #clearServer(): Server {
    const { requestTimeoutMs } = this.#parts.limits;
    return createServer(
      {
        headersTimeout: requestTimeoutMs,
        requestTimeout: requestTimeoutMs * 2,
        keepAliveTimeout: keepAliveMs,
        connectionsCheckingInterval: Math.min(requestTimeoutMs, 1_000),
      },
      (request, response) => void this.#handle(request, response),
    );
  }

  #secureServer(tls: Tls): Http2SecureServer {
    const server = createSecureServer(
      {
        ...materialOf(tls),
        allowHTTP1: true,
        requestCert: tls.mutual,
        rejectUnauthorized: tls.mutual,
        handshakeTimeout: this.#parts.limits.requestTimeoutMs,
        // As much as messages of all streams of a connection may take while they arrive.
        maxSessionMemory: Math.ceil(this.#parts.limits.maxMessageBytes / 1_024 ** 2) + 10,
      },
      (request, response) => void this.#handle(request, response),
    );
    Object.assign(server, {
      headersTimeout: this.#parts.limits.requestTimeoutMs,
      requestTimeout: this.#parts.limits.requestTimeoutMs * 2,
      keepAliveTimeout: keepAliveMs,
    });
    server.on('tlsClientError', (error, socket) => {
      this.#refusals.add({ reason: `a TLS handshake failed: ${error.message}`, peer: socket.remoteAddress });
      socket.destroy();
    });
    server.on('sessionError', () => {});
    this.#stopReloading = tls.onChange(() => {
      try {
        server.setSecureContext(materialOf(tls));
      } catch (error) {
        this.#parts.logger.error('the new TLS material cannot be used; the broker keeps the old one', { error });
      }
    });
    return server;
  }

  async #handle(request: PostRequest, response: PostResponse): Promise<void> {
    response.on('error', () => {});
    if (request.method !== 'POST') return this.#refuse(request, response, 405, 400, 'Method not allowed');
    const bytes = await readBody(request, this.#parts.limits, this.#parts.clock);
    if (bytes === 'broken off') return;
    if (bytes === 'too slow') return this.#refuse(request, response, 408, 408, 'the message took too long to arrive');
    if (bytes === 'too large') {
      return this.#refuse(
        request,
        response,
        413,
        413,
        `a message may have ${this.#parts.limits.maxMessageBytes} bytes`,
      );
    }
    let posted: Posted;
    try {
      posted = this.#read(bytes, request, response);
    } catch (error) {
      const { rawMessage } = ServiceError.from(error);
      const detail = rawMessage === 'Topic not found' ? rawMessage : `Error parsing request body: ${rawMessage}`;
      return this.#refuse(request, response, 500, 500, detail);
    }
    const receiver = this.#receivers.get(idIn(request.url));
    if (receiver === undefined) {
      answer(response, 404, errorText(404, 'there is no such subscription (any more)'));
      return;
    }
    const { topic } = receiver.subscriber;
    if (matchesTopic(topic, posted.topic)) receiver.receive(posted);
    else this.#refuse(request, response, 500, 500, `the subscription is for ${topic}`);
  }

  #read(bytes: Buffer, request: PostRequest, response: PostResponse): Posted {
    const { topic, message } = unpackEnvelope(bytes);
    const timeMs = numberHeader(request.headers, requestHeaders.time) ?? this.#parts.clock.wallTime();
    const whole: Message = Object.freeze({ ...message, timeMs });
    return new Posted(topic, whole, bytes, request.headers, response);
  }

  #refuse(request: PostRequest, response: PostResponse, status: number, code: number, detail: string): void {
    this.#refusals.add({ reason: detail, peer: request.socket.remoteAddress });
    // What is left of the body is not read: the connection ends with the answer.
    const isRead = request.complete;
    if (!isRead && request.httpVersionMajor === 1) response.setHeader('Connection', 'close');
    answer(response, status, errorText(code, detail));
    if (isRead) return;
    // Not at once: whoever still sends would find the connection broken instead of the answer.
    request.resume();
    const cancel = this.#parts.clock.after(lingerMs, () => request.destroy());
    request.once('close', cancel);
  }
}

function idIn(url: string | undefined): string {
  try {
    return new URL(url ?? '/', 'http://broker').searchParams.get('id') ?? '';
  } catch {
    return '';
  }
}

function materialOf(tls: Tls): SecureServerOptions {
  const { ca, cert, key } = tls.material;
  if (cert === undefined || key === undefined) {
    throw new ServiceError('FailedPrecondition', "a broker's server wants tls.cert and tls.key", { executed: 'no' });
  }
  return {
    minVersion: tls.minVersion,
    ...(ca === undefined ? {} : { ca: asPem(ca) }),
    cert: asPem(cert),
    key: asPem(key),
  };
}

function asPem(material: string | Uint8Array): string {
  return typeof material === 'string' ? material : Buffer.from(material).toString('latin1');
}

const lingerMs = 1_000;
/** Longer than publishers keep theirs, so that they are the ones who close. */
const keepAliveMs = 75_000;
