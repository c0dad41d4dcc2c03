import { type CodecSet, mediaType, type OpenCodec } from '@tenon/contract/authoring';
import { formOf, messageTypeOf } from './stream-form.js';

/** What a request's `Content-Type` says. */
export interface RequestType {
  /** The type of the value, or of each message. */
  readonly contentType: string;
  /** Whether the body is a stream of messages. */
  readonly streams: boolean;
  readonly codec: OpenCodec;
}

/** The content types of requests, each read once. */
export class RequestTypes {
  readonly #codecs: CodecSet;
  readonly #known = new Map<string, RequestType>();

  constructor(codecs: CodecSet) {
    this.#codecs = codecs;
  }

  /**
   * Reads one as it was sent.
   *
   * @throws ServiceError `InvalidArgument`, `executed: 'no'`, where no codec is bound for it.
   */
  read(given: string): RequestType {
    const known = this.#known.get(given);
    if (known !== undefined) return known;
    const streams = formOf(mediaType(given)) === 'frames';
    const contentType = streams ? messageTypeOf(given) : mediaType(given);
    const read = { contentType, streams, codec: this.#codecs.of(contentType) };
    // There are as many as there are ways to write parameters.
    if (this.#known.size < maxTypes) this.#known.set(given, read);
    return read;
  }
}

const maxTypes = 64;
