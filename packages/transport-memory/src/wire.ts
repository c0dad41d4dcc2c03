import { type Metadata, ServiceError, type ServiceErrorRecord } from '@tenon/contract';
import type { OpenCodec } from '@tenon/contract/authoring';

/** A request as it crosses the network: strings, numbers and bytes, nothing that both sides could hold. */
export interface WireRequest {
  readonly service: string;
  readonly endpoint: string;
  /** The id of the node that the caller chose; undefined where it knew an address alone. */
  readonly node: string | undefined;
  readonly metadata: Metadata;
  readonly contentType: string;
  readonly bytes: Buffer;
  /** The two sides' clocks may differ, so what travels is what is left, in milliseconds. */
  readonly timeLeftMs: number;
  /** The caller's address. */
  readonly from: string;
}

/** A reply as it crosses the network. */
export type WireReply =
  | { readonly kind: 'value'; readonly bytes: Buffer; readonly metadata: Metadata }
  | { readonly kind: 'error'; readonly record: ServiceErrorRecord; readonly details: Buffer | undefined };

/** Takes the reply of a request. */
export type Answer = (reply: WireReply) => void;

/** Tells the handler of a request that its caller gave up. After the answer it does nothing. */
export type CancelRequest = (reason: ServiceError) => void;

/** Puts an error into its wire form. Without a codec (the request's content type is unknown) details stay behind. */
export function errorReply(error: ServiceError, codec: OpenCodec | undefined): WireReply {
  const { details, ...record } = error.toRecord();
  if (details === undefined || codec === undefined) return { kind: 'error', record, details: undefined };
  try {
    return { kind: 'error', record, details: codec.encode(details) };
  } catch {
    // The error itself matters more than its details, and says what it lost.
    const message = `${record.message} (its details cannot be encoded as ${codec.contentType})`;
    return { kind: 'error', record: { ...record, message }, details: undefined };
  }
}

/** Reads an error from its wire form. */
export function errorOf(reply: WireReply & { readonly kind: 'error' }, codec: OpenCodec): ServiceError {
  if (reply.details === undefined) return ServiceError.fromRecord(reply.record);
  try {
    return ServiceError.fromRecord({ ...reply.record, details: codec.decode(reply.details) });
  } catch {
    const message = `${reply.record.message} (its details cannot be read as ${codec.contentType})`;
    return ServiceError.fromRecord({ ...reply.record, message });
  }
}
