import { Agent, type ClientRequest, type IncomingMessage, request as requestClear } from 'node:http';
import { request as requestSecure, Agent as SecureAgent } from 'node:https';
import { checkServerIdentity } from 'node:tls';
import type { CancelTimer, Clock, Tls } from '@tenon/contract';
import { clientTlsOptions, splitHostAndPort } from '@tenon/contract/authoring';
import { brokerService, type Subscriber } from '../wire/subscriber-record.js';
import { numberHeader, retryHeader } from '../wire/tenon-headers.js';

/**
 * What became of one post.
 *
 * - `taken`: it was answered with success.
 * - `again`: at least once, its handler rejected; it may come again after `delayMs`.
 * - `refused`: the subscriber takes no more now. Nothing was handled.
 * - `gone`: the subscription has ended. Nothing was handled.
 * - `unreached`: there was no connection. Nothing was handled.
 * - `failed`: the subscriber could do nothing with it, and says so.
 * - `lost`: no answer came, so it may have been handled.
 */
export type PostOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'again'; readonly delayMs: number }
  | { readonly kind: 'refused' | 'gone' | 'unreached' | 'failed' | 'lost'; readonly reason: string };

/** What is posted. */
export interface Post {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** How long the subscriber may be silent. A sign of life (102) begins it anew. */
  readonly silenceMs: number;
}

/** What a {@link Poster} works with. */
export interface PosterParts {
  readonly clock: Clock;
  readonly tls: Tls | undefined;
  readonly connectTimeoutMs: number;
}

/** Posts messages to subscribers over connections that are kept alive: HTTP/1.1, as each answers one request at a time. */
export class Poster {
  readonly #parts: PosterParts;
  readonly #clear = new Agent(keptAlive);
  readonly #secure = new SecureAgent(keptAlive);
  readonly #open = new Set<ClientRequest>();

  constructor(parts: PosterParts) {
    this.#parts = parts;
  }

  /** Posts once. Never rejects. */
  post(to: Subscriber, post: Post): Promise<PostOutcome> {
    const { clock, connectTimeoutMs } = this.#parts;
    return new Promise((resolve) => {
      let cancel: CancelTimer = () => {};
      let isConnected = false;
      const settle = (outcome: PostOutcome): void => {
        cancel();
        this.#open.delete(request);
        resolve(outcome);
      };
      const within = (ms: number, reason: string): void => {
        cancel();
        cancel = clock.after(ms, () => request.destroy(new Error(reason)));
      };
      const connected = (): void => {
        isConnected = true;
        within(post.silenceMs, `no answer within ${post.silenceMs} ms`);
      };
      const request = this.#request(to, post);
      this.#open.add(request);
      within(connectTimeoutMs, `no connection within ${connectTimeoutMs} ms`);
      request.on('socket', (socket) => {
        if (!socket.connecting) connected();
        else socket.once(to.isSecure ? 'secureConnect' : 'connect', connected);
      });
      request.on('information', connected);
      request.on('response', (response) => {
        response.resume();
        response.on('error', () => {});
        // Its status says all; the rest is read so that the connection can be used again.
        response.on('close', () => settle(outcomeOf(response)));
      });
      request.on('error', ({ message: reason }) => settle({ kind: isConnected ? 'lost' : 'unreached', reason }));
      request.end(post.body);
    });
  }

  /** Ends every connection, and what is on its way there. */
  close(): void {
    for (const request of this.#open) request.destroy(new Error('the broker was closed'));
    this.#clear.destroy();
    this.#secure.destroy();
  }

  #request(to: Subscriber, { body, headers }: Post): ClientRequest {
    const [host, port] = splitHostAndPort(to.address);
    const { tls } = this.#parts;
    const options = {
      host,
      port,
      method: 'POST',
      path: `/?id=${encodeURIComponent(to.id)}`,
      headers: { 'Content-Type': 'application/json', 'Content-Length': body.length, ...headers },
    };
    if (!to.isSecure) return requestClear({ ...options, agent: this.#clear });
    const peer = { host, service: brokerService, alpn: 'http/1.1' };
    const secure = tls === undefined ? {} : clientTlsOptions(tls, peer, checkServerIdentity);
    return requestSecure({ ...options, ...secure, agent: this.#secure });
  }
}

function outcomeOf(response: IncomingMessage): PostOutcome {
  const status = response.statusCode ?? 0;
  const reason = `it answered ${status}`;
  if (status >= 200 && status < 300) return { kind: 'taken' };
  if (status === 404 || status === 410) return { kind: 'gone', reason };
  if (status !== 503 && status !== 429) return { kind: 'failed', reason };
  const delayMs = numberHeader(response.headers, retryHeader, 3_600_000);
  return delayMs === undefined ? { kind: 'refused', reason } : { kind: 'again', delayMs };
}

/** Shorter than servers keep idle connections (Tenon's 75 s), so that none is used that the other side is about to close. */
const keptAlive = Object.freeze({ keepAlive: true, timeout: 30_000, maxFreeSockets: 256 });
