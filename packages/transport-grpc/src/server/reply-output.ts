import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Metadata } from '@tenon/contract';
import { dropLateBody } from '@tenon/http';
import { acceptedEncodings, type Encoding } from '../wire/encodings.js';
import { addMetadata } from '../wire/metadata-fields.js';

/** The answering side of one stream of HTTP/2: a head, messages, and the fields behind them that say how it went. */
export class ReplyOutput {
  readonly #stream: ServerHttp2Stream;
  readonly #contentType: string;
  readonly #trailing: ReadonlySet<string>;
  #trailers: OutgoingHttpHeaders = ok;

  /** @param trailing - the keys of metadata that go behind the messages. */
  constructor(stream: ServerHttp2Stream, contentType: string, trailing: ReadonlySet<string>) {
    this.#stream = stream;
    this.#contentType = contentType;
    this.#trailing = trailing;
  }

  /** Whether nobody listens any more. */
  get gone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  /**
   * Sends the head.
   *
   * @throws ServiceError `InvalidArgument` or `ResourceExhausted` for metadata that cannot be sent: nothing was sent then.
   */
  begin(metadata: Metadata, encoding: Encoding): void {
    const head: OutgoingHttpHeaders = { ':status': 200, 'content-type': this.#contentType };
    if (encoding !== 'identity') head['grpc-encoding'] = encoding;
    addMetadata(head, metadata);
    if (this.#trailing.size > 0) this.#holdBack(head);
    this.#stream.respond(head, respondOptions);
    this.#stream.on('wantTrailers', this.#sendTrailers);
  }

  /** The only message of a reply, and its end. */
  endWith(bytes: Buffer): void {
    this.#stream.end(bytes);
    dropLateBody(this.#stream);
  }

  /** Ends a reply whose head is out; with the fields of an error where it failed. */
  end(fields?: OutgoingHttpHeaders): void {
    if (fields !== undefined) this.#trailers = { ...this.#trailers, ...fields };
    this.#stream.end();
    dropLateBody(this.#stream);
  }

  /** A reply without a message: all that it says stands in its head, and what could be read here, in case it was that. */
  refuse(fields: OutgoingHttpHeaders): void {
    const head = { ':status': 200, 'content-type': this.#contentType, 'grpc-accept-encoding': acceptedEncodings };
    this.#stream.respond({ ...head, ...fields }, { endStream: true });
    dropLateBody(this.#stream);
  }

  destroy(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #holdBack(head: OutgoingHttpHeaders): void {
    for (const key of this.#trailing) {
      if (head[key] === undefined) continue;
      this.#trailers = { ...this.#trailers, [key]: head[key] };
      delete head[key];
    }
  }

  readonly #sendTrailers = (): void => {
    this.#stream.sendTrailers(this.#trailers);
  };
}

const ok: OutgoingHttpHeaders = Object.freeze({ 'grpc-status': '0' });
/** Node would add a date. */
const respondOptions = Object.freeze({ waitForTrailers: true, sendDate: false });
