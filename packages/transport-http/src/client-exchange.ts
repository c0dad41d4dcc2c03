import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Call, type CancelTimer, type Clock, type Executed, ServiceError } from '@tenon/contract';
import { mediaType } from '@tenon/contract/authoring';
import type { ClientMessage, ClientResponse } from './client-dialect.js';
import type { ResolvedHttpOptions } from './http-options.js';
import type { KeepAliveAgent } from './keep-alive-agent.js';
import type { HttpAddress } from './node-address.js';
import { wireError } from './wire-error.js';

/** What every exchange of a connection shares. */
export interface ConnectionSurroundings {
  readonly address: HttpAddress;
  readonly pool: KeepAliveAgent;
  readonly options: ResolvedHttpOptions;
  readonly clock: Clock;
}

/** One request and its whole response, ended early by the call's deadline, its signal, or `end`. */
export class ClientExchange {
  /** Rejects with nothing but a `ServiceError`. */
  readonly response: Promise<ClientResponse>;
  readonly #surroundings: ConnectionSurroundings;
  readonly #request: ClientRequest;
  readonly #signal: AbortSignal | undefined;
  readonly #cancelDeadline: CancelTimer;
  #cancelConnectTimeout: CancelTimer = () => {};
  #resolve: (response: ClientResponse) => void = () => {};
  #reject: (error: ServiceError) => void = () => {};
  #sent = false;
  #settled = false;

  constructor(message: ClientMessage, call: Call, surroundings: ConnectionSurroundings) {
    const { address, pool, clock } = surroundings;
    this.#surroundings = surroundings;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#request = httpRequest({
      host: address.host,
      port: address.port,
      method: 'POST',
      path: message.path,
      headers: message.headers,
      agent: pool.agent,
      // go-micro puts whole errors into header fields.
      maxHeaderSize: 64 * 1_024,
      insecureHTTPParser: false,
    });
    this.#request.once('socket', (socket) => this.#onSocket(socket));
    this.#request.once('response', (response) => this.#onResponse(response));
    this.#request.on('error', (error) => this.#fail(wireError(error, this.#sent, this.#request.reusedSocket)));
    this.#request.once('close', () => this.#fail(this.#error('Unavailable', 'the connection ended before the reply')));
    this.#cancelDeadline = clock.after(call.deadline - clock.now(), this.#onDeadline);
    this.#signal = call.signal;
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#request.end(message.body);
  }

  /** Ends the exchange, because its connection is closed. */
  end(): void {
    this.#fail(this.#error('Unavailable', 'the connection was closed during the call'));
  }

  #onSocket(socket: Socket): void {
    // Whatever timer it had while it was idle.
    socket.setTimeout(0);
    if (!socket.connecting) {
      this.#sent = true;
      return;
    }
    const { clock, options } = this.#surroundings;
    this.#cancelConnectTimeout = clock.after(options.connectTimeoutMs, () => {
      this.#fail(this.#error('Unavailable', `connecting took longer than ${options.connectTimeoutMs} ms`));
    });
    socket.once('connect', () => {
      this.#sent = true;
      this.#cancelConnectTimeout();
    });
  }

  #onResponse(response: IncomingMessage): void {
    const chunks: Buffer[] = [];
    const { maxMessageBytes } = this.#surroundings.options;
    let bytes = 0;
    this.#surroundings.pool.learn(response.socket, headerText(response.headers['keep-alive']));
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > maxMessageBytes) this.#fail(replyTooLarge(maxMessageBytes));
    });
    response.on('error', (error) => this.#fail(wireError(error, true, false)));
    response.once('end', () => this.#succeed(response, Buffer.concat(chunks, bytes)));
  }

  #succeed(response: IncomingMessage, body: Buffer): void {
    if (!this.#settle()) return;
    // Answered before it was sent whole, which is a refusal: what is left of it is not worth sending.
    if (!this.#request.writableFinished) this.#request.destroy();
    const { headers, rawHeaders, statusCode = 0 } = response;
    this.#resolve({
      status: statusCode,
      contentType: mediaType(headers['content-type'] ?? ''),
      rawHeaders,
      body,
      header: (name) => headerText(headers[name]),
    });
  }

  #fail(error: ServiceError): void {
    if (!this.#settle()) return;
    this.#request.destroy();
    this.#reject(error);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#cancelDeadline();
    this.#cancelConnectTimeout();
    this.#signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }

  readonly #onDeadline = (): void => {
    const where = this.#sent ? 'before the reply came' : 'before the request could be sent';
    this.#fail(this.#error('DeadlineExceeded', `the time for the call ran out ${where}`));
  };

  readonly #onAbort = (): void => {
    this.#fail(this.#error('Canceled', 'the caller cancelled the call', this.#signal?.reason));
  };

  #error(code: 'Unavailable' | 'DeadlineExceeded' | 'Canceled', message: string, cause?: unknown): ServiceError {
    const executed: Executed = this.#sent ? 'maybe' : 'no';
    return new ServiceError(code, message, { executed, cause });
  }
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function replyTooLarge(maxBytes: number): ServiceError {
  return new ServiceError('ResourceExhausted', `the reply is over the limit of ${maxBytes} bytes`, {
    executed: 'yes',
  });
}
