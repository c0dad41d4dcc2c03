import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import type { Peer } from '@tenon/contract';
import type { Peers } from '@tenon/contract/authoring';
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
    // The session hands out a proxy of its socket, the same one each time.
    const socket = stream.session?.socket;
    this.peer = socket === undefined ? nobody : peers.of(socket);
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

  /**
   * The flow control of HTTP/2 bounds what a caller may still send on a stream. One that goes on after the answer is reset, but
   * only after a moment: nghttp2 sends a reset ahead of whatever of the answer still waits for the socket.
   */
  dropBody(): void {
    const stream = this.#stream;
    if (stream.readableEnded || stream.destroyed) return;
    stream.resume();
    const stop = (): void => {
      if (stream.readableEnded || stream.closed) return;
      const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), resetAfterMs);
      timer.unref();
      const over = (): void => clearTimeout(timer);
      stream.once('end', over);
      stream.once('close', over);
    };
    // Node ends the answer to HEAD before it is given.
    if (stream.headersSent && stream.writableFinished) stop();
    else stream.once('finish', stop);
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

const nobody: Peer = Object.freeze({ address: 'unknown', transport: 'http' });
const earlyHints = 103;
const resetAfterMs = 250;
