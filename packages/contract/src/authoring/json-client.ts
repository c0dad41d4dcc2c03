import type { Agent, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, request } from 'node:http';
import type { Clock } from '../clock.js';
import type { Code } from '../code.js';
import { ServiceError } from '../service-error.js';

/** One server that speaks JSON over HTTP, and how to reach it. */
export interface JsonClientOptions {
  /** For errors: `Consul`. */
  readonly server: string;
  /** What paths are added to, without a slash at its end: `http://127.0.0.1:8500`. */
  readonly baseUrl: string;
  /** `request` of `node:http` or `node:https`, and an agent of the same module; this package imports nothing. */
  readonly request: typeof request;
  readonly agent: Agent;
  /** Sent with each request, and never to another host: redirects are not followed. */
  readonly headers: Readonly<Record<string, string>>;
  /** An answer that is larger is given up. */
  readonly maxAnswerBytes: number;
  readonly clock: Clock;
}

/** One request. Each is answered or given up within its time. */
export interface JsonRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** With the query, encoded. */
  readonly path: string;
  readonly body?: unknown;
  /** Default `json`. With `nothing`, what a success says is not looked at, but for a page of HTML, which is no success. */
  readonly wants?: 'json' | 'nothing' | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface JsonAnswer {
  readonly headers: IncomingHttpHeaders;
  /** Undefined where nothing was wanted. */
  readonly value: unknown;
}

/**
 * Asks one server for JSON: with a bound on time and size, no redirects, and errors that say what was wrong. Only what the caller
 * could mend has a code of its own; all that may pass by itself, or is no answer of such a server, is `Unavailable`.
 */
export class JsonClient {
  readonly #options: JsonClientOptions;

  constructor(options: JsonClientOptions) {
    this.#options = options;
  }

  /**
   * @throws ServiceError, always `executed: 'no'`: `Unauthenticated` (401), `PermissionDenied` (403), `NotFound` (404), `InvalidArgument`
   * (400), `ResourceExhausted` (413, or an answer that is too large), `Canceled` on abort, else `Unavailable`.
   */
  async ask(asked: JsonRequest): Promise<JsonAnswer> {
    const exchange = new Exchange(this.#options, asked);
    try {
      return await exchange.answer();
    } catch (thrown) {
      // The server may have closed a connection that was kept just when it was used again: that says nothing about the next.
      if (!exchange.wasStale) throw thrown;
      return new Exchange(this.#options, asked).answer();
    }
  }
}

/** One request on its way. */
class Exchange {
  readonly #options: JsonClientOptions;
  readonly #asked: JsonRequest;
  /** Whether it failed at once on a connection that had served before. */
  wasStale = false;

  constructor(options: JsonClientOptions, asked: JsonRequest) {
    this.#options = options;
    this.#asked = asked;
  }

  answer(): Promise<JsonAnswer> {
    const { clock, baseUrl, agent, headers: always } = this.#options;
    const { method, path, body, timeoutMs, signal } = this.#asked;
    if (signal?.aborted === true) return Promise.reject(this.#error('Canceled', 'the call was aborted'));
    const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers: OutgoingHttpHeaders = { accept: 'application/json', ...always };
    if (text !== undefined)
      Object.assign(headers, { 'content-type': 'application/json', 'content-length': text.length });
    return new Promise((resolve, reject) => {
      const sent = this.#options.request(`${baseUrl}${path}`, { method, agent, headers });
      const settle = (): void => {
        cancelTimer();
        signal?.removeEventListener('abort', abort);
      };
      const fail = (error: ServiceError): void => {
        settle();
        reject(error);
        sent.destroy();
      };
      const abort = (): void => fail(this.#error('Canceled', 'the call was aborted', signal?.reason));
      const cancelTimer = clock.after(timeoutMs, () =>
        fail(this.#error('Unavailable', `no answer in ${timeoutMs} ms`)),
      );
      signal?.addEventListener('abort', abort);
      sent.on('error', (cause) => {
        this.wasStale = sent.reusedSocket && /ECONNRESET|EPIPE/.test(textOf(cause, 'code'));
        fail(this.#error('Unavailable', textOf(cause, 'message') || textOf(cause, 'code'), cause));
      });
      sent.on('response', (received) => {
        this.#read(received).then(
          (answer) => {
            settle();
            resolve(answer);
          },
          (thrown) =>
            fail(thrown instanceof ServiceError ? thrown : this.#error('Unavailable', String(thrown), thrown)),
        );
      });
      sent.end(text);
    });
  }

  async #read(received: IncomingMessage): Promise<JsonAnswer> {
    const { statusCode: status = 0, headers } = received;
    const body = await this.#body(received);
    if (status < 200 || status > 299) throw this.#refused(status, headers, body);
    const isPage = /html/i.test(headers['content-type'] ?? '');
    if (this.#asked.wants === 'nothing' && !isPage) return { headers, value: undefined };
    try {
      if (!isPage) return { headers, value: JSON.parse(body.toString()) };
    } catch {
      // Said below.
    }
    const type = headers['content-type'] ?? 'no type';
    throw this.#error('Unavailable', `it answers with ${type}, which is not JSON: ${excerpt(body)}`);
  }

  async #body(received: IncomingMessage): Promise<Buffer> {
    const { maxAnswerBytes } = this.#options;
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of received as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > maxAnswerBytes) {
        throw this.#error('ResourceExhausted', `its answer has more than ${maxAnswerBytes} bytes`);
      }
      pieces.push(piece);
    }
    if (!received.complete) throw this.#error('Unavailable', 'its answer broke off');
    return Buffer.concat(pieces, bytes);
  }

  #refused(status: number, headers: IncomingHttpHeaders, body: Buffer): ServiceError {
    const isRedirect = status >= 300 && status <= 399;
    const where = isRedirect ? `, to ${excerpt(headers.location ?? 'nowhere')}, which is not followed` : '';
    return this.#error(codeOf[status] ?? 'Unavailable', `it answers with status ${status}${where}: ${excerpt(body)}`);
  }

  #error(code: Code, what: string, cause?: unknown): ServiceError {
    const { server, baseUrl } = this.#options;
    const [path] = this.#asked.path.split('?');
    const message = `${server} at ${baseUrl}: ${this.#asked.method} ${path}: ${what}`;
    return new ServiceError(code, message, { executed: 'no', cause });
  }
}

const codeOf: Readonly<Record<number, Code>> = Object.freeze({
  400: 'InvalidArgument',
  401: 'Unauthenticated',
  403: 'PermissionDenied',
  404: 'NotFound',
  413: 'ResourceExhausted',
});

/** The beginning of what a server said, in one line. */
function excerpt(said: Buffer | string): string {
  const text = typeof said === 'string' ? said : said.subarray(0, 512).toString();
  return text
    .slice(0, 200)
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
}

function textOf(thrown: unknown, field: 'code' | 'message'): string {
  const value: unknown = Reflect.get(Object(thrown), field);
  return typeof value === 'string' ? value : '';
}
