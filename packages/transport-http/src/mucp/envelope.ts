import type { OpenCodec } from '@tenon/contract/authoring';

/** What stands around a message: which call it belongs to, said beside the header fields or, in old requests, in place of them. */
export interface Enveloped {
  /** `Greeter.Hello`; empty in replies. */
  readonly method: string;
  /** A decimal number, as text. */
  readonly id: string;
  /** The text of the error that a reply ends with; empty where there is none. */
  readonly error: string;
  /** The message, in the bytes of the codec inside. */
  readonly body: Buffer;
}

/**
 * What go-micro's `-rpc` content types put around the output of a codec. They are no codecs: what they write depends on
 * the call and on the direction, and only this wire has them.
 */
export interface Envelope {
  /** The content type of the codec inside. */
  readonly inner: string;
  request(message: Omit<Enveloped, 'error'>): Buffer;
  /** @throws ServiceError `InvalidArgument`, `executed: 'no'`, for bytes that are none. */
  openRequest(bytes: Buffer, codec: OpenCodec): Enveloped;
  reply(message: Omit<Enveloped, 'method'>): Buffer;
  /** @throws ServiceError as `openRequest` does. */
  openReply(bytes: Buffer, codec: OpenCodec): Enveloped;
}
