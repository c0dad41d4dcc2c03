import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Metadata, Reply, ServiceError } from '@tenon/contract';
import type { OpenCodec } from '@tenon/contract/authoring';

/** What a request says before its body. */
export interface RequestHead {
  readonly service: string;
  readonly endpoint: string;
  /** The id of the node that the caller meant, where it says so. */
  readonly node?: string | undefined;
  readonly metadata: Metadata;
  /** In milliseconds from now; `Infinity` where the caller set none. */
  readonly leftMs: number;
  readonly contentType: string;
  readonly codec: OpenCodec;
  /** The media type of the answer, as the caller named it. */
  readonly replyType: string;
  readonly replyCodec: OpenCodec;
}

/** A whole answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Uint8Array;
}

/** One form of HTTP that callers speak: how it says what a call is, and how it is answered. */
export interface ServerDialect {
  /** Reads a head, or gives the answer that refuses it. Never throws. */
  readHead(request: IncomingMessage): RequestHead | HttpAnswer;
  /**
   * @throws ServiceError where the value cannot be encoded, is over `maxBytes`, or the metadata cannot be sent; its
   * `executed` is not to be relied on.
   */
  reply(head: RequestHead, reply: Reply, maxBytes: number): HttpAnswer;
  /** The answer to a call that failed. Never throws. */
  error(head: RequestHead, error: ServiceError): HttpAnswer;
  /** The answer to a request whose body is over the limit. */
  tooLarge(head: RequestHead, error: ServiceError): HttpAnswer;
}

export function isAnswer(read: RequestHead | HttpAnswer): read is HttpAnswer {
  return 'status' in read;
}
