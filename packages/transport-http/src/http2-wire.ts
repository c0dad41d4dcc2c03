import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import type { Peer } from '@tenon/contract';
import { dropLateBody, type Peers } from '@tenon/http';
import type { FieldPairs } from './headers.js';
import type { HttpAnswer } from './server-dialect.js';
import { type ServerWire, sizedFields } from './server-wire.js';

/** A request over HTTP/2. */
export class Http2Wire implements ServerWire {
  readonly version = 2;
  readonly peer: Peer;
  readonly #stream: ServerHttp2Stream;
  #trailers: OutgoingHttpHeaders | undefined = undefined;

  constructor(stream: ServerHttp2Stream, peers: Peers) {
    this.#stream = stream;
    this.peer = peers.ofStream(stream);
  }

  get body(): Readable {
    return this.#stream;
  }

  get output(): Writable {
    return this.#stream;
  }

  get gone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  onBroken(listener: () => void): void {
    this.#stream.once('aborted', listener);
  }

  onClose(listener: () => void): void {
    this.#stream.once('close', listener);
  }

  answer(answer: HttpAnswer): void {
    const { status, body } = answer;
    const headers = headersOf(sizedFields(answer));
    headers[':status'] = status;
    this.#stream.respond(headers, { endStream: body.length === 0 });
    // The answer to HEAD has ended already.
    if (!this.#stream.writableEnded) this.#stream.end(body, 'latin1');
    this.dropBody();
  }

  begin(fields: FieldPairs): void {
    const waitForTrailers = fields.includes('trailer');
    this.#stream.respond({ ...headersOf(fields), ':status': 200 }, { waitForTrailers });
    if (waitForTrailers) this.#stream.once('wantTrailers', () => this.#stream.sendTrailers(this.#trailers ?? {}));
  }

  finish(trailers: FieldPairs | undefined): void {
    if (trailers !== undefined) this.#trailers = headersOf(trailers);
    this.#stream.end();
    this.dropBody();
  }

  dropBody(): void {
    dropLateBody(this.#stream);
  }

  refuseRequests(): void {
    if (!this.#stream.headersSent && !this.gone) {
      this.#stream.additionalHeaders({ ':status': earlyHints, 'tenon-requests': 'enough' });
    }
  }

  /** The other calls of the connection go on. */
  closeAfterwards(): void {}

  destroy(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }
}

function headersOf(fields: FieldPairs): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = Object.create(null);
  for (let index = 0; index < fields.length; index += 2) headers[fields[index] ?? ''] = fields[index + 1];
  return headers;
}

const earlyHints = 103;
