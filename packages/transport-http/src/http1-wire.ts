import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import type { Peer } from '@tenon/contract';
import type { Peers } from '@tenon/http';
import type { FieldPairs } from './headers.js';
import type { HttpAnswer } from './server-dialect.js';
import { type ServerWire, sizedFields } from './server-wire.js';

/** A request over HTTP/1.1, in the clear or under TLS. */
export class Http1Wire implements ServerWire {
  readonly version = 1;
  readonly peer: Peer;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse, peers: Peers) {
    this.#request = request;
    this.#response = response;
    this.peer = peers.of(request.socket);
    // A body that breaks off is seen by its connection's end.
    request.on('error', ignore);
  }

  get body(): Readable {
    return this.#request;
  }

  get output(): Writable {
    return this.#response;
  }

  get gone(): boolean {
    return this.#response.destroyed;
  }

  /** The connection's end is all there is. */
  onBroken(): void {}

  onClose(listener: () => void): void {
    // It comes once.
    this.#response.on('close', listener);
  }

  answer(answer: HttpAnswer): void {
    const { status, body } = answer;
    this.#response.writeHead(status, sizedFields(answer));
    if (typeof body === 'string') this.#response.end(body, 'latin1');
    else this.#response.end(body);
  }

  begin(fields: FieldPairs): void {
    // Without chunks there is no place for trailers.
    const trailer = this.#request.httpVersion === '1.0' ? fields.indexOf('trailer') : -1;
    if (trailer >= 0) fields.splice(trailer, 2);
    this.#response.writeHead(200, fields);
  }

  finish(trailers: FieldPairs | undefined): void {
    if (trailers !== undefined) {
      for (let index = 0; index < trailers.length; index += 2) {
        this.#response.addTrailers({ [trailers[index] ?? '']: trailers[index + 1] ?? '' });
      }
    }
    this.#response.end();
  }

  /**
   * So that the answer reaches a peer that is still writing and its connection stays usable. Of a peer that goes on for
   * more than twice `maxBytes` no more is read; it has a moment to read the answer before the port ends its connection.
   */
  dropBody(maxBytes: number): void {
    let bytes = 0;
    this.#request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= 2 * maxBytes) return;
      this.#request.pause();
      this.#request.socket.setTimeout(lingerMs);
    });
  }

  /** There is one request only. */
  refuseRequests(): void {}

  closeAfterwards(): void {
    if (!this.#response.headersSent) this.#response.setHeader('Connection', 'close');
  }

  destroy(): void {
    this.#response.destroy();
  }
}

function ignore(_error: Error): void {}

const lingerMs = 1_000;
