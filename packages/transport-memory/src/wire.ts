import { type EndpointKind, type Metadata, ServiceError, type ServiceErrorRecord } from '@tenon/contract';
import type { OpenCodec } from '@tenon/contract/authoring';

/** The head of a call as it crosses the network: strings, numbers and bytes, nothing that both sides could hold. */
export interface WireRequest {
  readonly service: string;
  readonly endpoint: string;
  readonly kind: EndpointKind;
  /** The id of the node that the caller chose; undefined where it knew an address alone. */
  readonly node: string | undefined;
  readonly metadata: Metadata;
  readonly contentType: string;
  /** The request of a unary call or a server stream; undefined where messages follow. */
  readonly bytes: Buffer | undefined;
  /** The two sides' clocks may differ, so what travels is what is left, in milliseconds; `Infinity` without a deadline. */
  readonly timeLeftMs: number;
  /** The caller's address. */
  readonly from: string;
}

/** What a caller sends. `end` closes its side; `credit` is room for so many more replies. */
export type RequestFrame =
  | { readonly type: 'open'; readonly request: WireRequest }
  | { readonly type: 'message'; readonly bytes: Buffer }
  | { readonly type: 'end' }
  | { readonly type: 'credit'; readonly messages: number };

/**
 * What the called side sends. `value`, `end` and `error` end the call; `head` comes before the first message of a stream;
 * `stop` says that nobody reads the requests any more, `credit` that there is room for so many more of them.
 */
export type ReplyFrame =
  | { readonly type: 'value'; readonly bytes: Buffer; readonly metadata: Metadata }
  | { readonly type: 'head'; readonly metadata: Metadata }
  | { readonly type: 'message'; readonly bytes: Buffer }
  | { readonly type: 'end' }
  | ErrorFrame
  | { readonly type: 'stop' }
  | { readonly type: 'credit'; readonly messages: number };

export interface ErrorFrame {
  readonly type: 'error';
  readonly record: ServiceErrorRecord;
  readonly details: Buffer | undefined;
}

/** Takes the frames of one direction, in order. */
export interface Receiver<F> {
  receive(frame: F): void;
}

/** The called end of one call. */
export interface CalledEnd extends Receiver<RequestFrame> {
  /** Tells that the caller is gone. After the end of the call it does nothing. */
  cancel(reason: ServiceError): void;
}

/** Puts an error into its wire form. Without a codec (the request's content type is unknown) details stay behind. */
export function errorFrame(error: ServiceError, codec: OpenCodec | undefined): ErrorFrame {
  const { details, ...record } = error.toRecord();
  if (details === undefined || codec === undefined) return { type: 'error', record, details: undefined };
  try {
    return { type: 'error', record, details: codec.encode(details) };
  } catch {
    // The error itself matters more than its details, and says what it lost.
    const message = `${record.message} (its details cannot be encoded as ${codec.contentType})`;
    return { type: 'error', record: { ...record, message }, details: undefined };
  }
}

/** Reads an error from its wire form. */
export function errorOf(frame: ErrorFrame, codec: OpenCodec): ServiceError {
  if (frame.details === undefined) return ServiceError.fromRecord(frame.record);
  try {
    return ServiceError.fromRecord({ ...frame.record, details: codec.decode(frame.details) });
  } catch {
    const message = `${frame.record.message} (its details cannot be read as ${codec.contentType})`;
    return ServiceError.fromRecord({ ...frame.record, message });
  }
}
