import type { CallHandler, EndpointKind, Metadata, Reply, ServiceError } from '@tenon/contract';
import type { OpenCodec } from '@tenon/contract/authoring';
import type { Body } from './body-encoder.js';
import type { HeaderFields } from './header-fields.js';
import type { FieldPairs } from './headers.js';
import type { Envelope } from './mucp/envelope.js';
import type { StreamForm } from './stream-form.js';

/** A request before it is understood. */
export interface HttpRequest {
  readonly version: 1 | 2;
  readonly method: string;
  readonly path: string;
  readonly fields: HeaderFields;
}

/** What a request says before its body. */
export interface RequestHead {
  readonly service: string;
  readonly endpoint: string;
  /** What the caller takes the endpoint for, where that can be told. */
  readonly kind: EndpointKind | undefined;
  /** The id of the node that the caller meant, where it says so. */
  readonly node: string | undefined;
  readonly metadata: Metadata;
  /** In milliseconds from now; `Infinity` where the caller set none. */
  readonly leftMs: number;
  /** The media type of the request, or of each message of a request that streams. */
  readonly contentType: string;
  readonly codec: OpenCodec;
  /** Whether the body is a stream of messages. */
  readonly requestStreams: boolean;
  /** The media type of the answer, as the caller named it; of each of its messages where it streams. */
  readonly replyType: string;
  readonly replyCodec: OpenCodec;
  /** The form of the answer if it streams. */
  readonly form: StreamForm;
  /** What stands around request and answer, with the number of the call in it, where the type is one of go-micro's `-rpc`. */
  readonly around?: { readonly envelope: Envelope; readonly id: string } | undefined;
}

/** A whole answer. */
export interface HttpAnswer {
  readonly status: number;
  /** Without the length of the body, which the wire says. */
  readonly fields: FieldPairs;
  readonly body: Body;
}

/** One form of HTTP that callers speak: how it says what a call is, and how it is answered. */
export interface ServerDialect {
  /** Reads a head, or gives the answer that refuses it. Never throws. */
  readHead(request: HttpRequest, handler: CallHandler): RequestHead | HttpAnswer;
  /**
   * The answer to a call that succeeded with one value.
   *
   * @throws ServiceError where the value cannot be encoded, is over the limit, or the metadata cannot be sent; its
   * `executed` is not to be relied on.
   */
  reply(head: RequestHead, reply: Reply): HttpAnswer;
  /** The answer to a call that failed. Never throws. */
  error(head: RequestHead, error: ServiceError): HttpAnswer;
  /** The answer to a request whose body is over the limit. */
  tooLarge(head: RequestHead, error: ServiceError): HttpAnswer;
}

export function isAnswer(read: RequestHead | HttpAnswer): read is HttpAnswer {
  return 'status' in read;
}
