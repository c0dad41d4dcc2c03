import {
  checkedMetadata,
  type EndpointKind,
  type Metadata,
  noMetadata,
  ServiceError,
  type ServiceErrorRecord,
} from '@tenon/contract';
import type { OpenCodec } from '@tenon/contract/authoring';
import { headAndBody, headed, malformed } from './frame.js';

/** What opens a call. */
export interface OpenHead {
  readonly service: string;
  readonly endpoint: string;
  readonly kind: EndpointKind;
  /** The id of the node that the caller chose; undefined where it knew an address alone. */
  readonly node: string | undefined;
  readonly metadata: Metadata;
  readonly contentType: string;
  /** The two sides' clocks may differ, so what travels is what is left, in milliseconds; `Infinity` without a deadline. */
  readonly timeLeftMs: number;
}

/** As content of a frame. What has its usual value is left out. */
export function openContent({ node, metadata, timeLeftMs, ...head }: OpenHead, body?: Uint8Array): Buffer {
  const optional = {
    ...(node === undefined ? {} : { node }),
    ...metadataHead(metadata),
    ...(timeLeftMs === Number.POSITIVE_INFINITY ? {} : { timeLeftMs }),
  };
  return headed({ ...head, ...optional }, body);
}

/** Reads what {@link openContent} wrote. Throws `InvalidArgument`, `executed: 'no'`. */
export function openHead(head: Record<string, unknown>): OpenHead {
  const { service, endpoint, kind, node, contentType, timeLeftMs = Number.POSITIVE_INFINITY } = head;
  if (typeof service !== 'string' || typeof endpoint !== 'string') throw malformed('it names no service and endpoint');
  if (typeof contentType !== 'string') throw malformed('it names no content type');
  if (!isKind(kind)) throw malformed('it names no kind of call');
  if (node !== undefined && typeof node !== 'string') throw malformed('its node is no text');
  if (typeof timeLeftMs !== 'number') throw malformed('its time left is no number');
  return { service, endpoint, kind, node, contentType, timeLeftMs, metadata: metadataIn(head) };
}

/** The metadata's part of a head: nothing, where there are none. */
export function metadataHead(metadata: Metadata): { readonly metadata?: Metadata } {
  return metadata === noMetadata ? {} : { metadata };
}

/** The metadata of a head. Throws `InvalidArgument` or `ResourceExhausted`, `executed: 'no'`. */
export function metadataIn({ metadata = noMetadata }: Record<string, unknown>): Metadata {
  if (typeof metadata !== 'object' || metadata === null) throw malformed('its metadata are no pairs');
  return checkedMetadata(metadata as Metadata);
}

/** Puts an error into its wire form. Without a codec (the request's content type is unknown) details stay behind. */
export function errorContent(error: ServiceError, codec: OpenCodec | undefined): Buffer {
  const { details, ...record } = error.toRecord();
  const short = { ...record, message: shortened(record.message) };
  if (details === undefined || codec === undefined) return headed(short);
  try {
    return headed({ ...short, hasDetails: true }, codec.encode(details));
  } catch {
    // The error itself matters more than its details, and says what it lost.
    return headed(withLoss(short, `cannot be encoded as ${codec.contentType}`));
  }
}

/** Reads an error from its wire form. */
export function errorIn(content: Uint8Array, codec: OpenCodec): ServiceError {
  const { head, body } = headAndBody(content);
  if (head['hasDetails'] !== true) return ServiceError.fromRecord({ ...head, details: undefined });
  try {
    return ServiceError.fromRecord({ ...head, details: codec.decode(body) });
  } catch {
    const record = { ...head, message: String(head['message']), details: undefined };
    return ServiceError.fromRecord(withLoss(record, `cannot be read as ${codec.contentType}`));
  }
}

function withLoss<R extends Pick<ServiceErrorRecord, 'message'>>(record: R, loss: string): R {
  return { ...record, message: `${record.message} (its details ${loss})` };
}

/** A head has room for a message of this size, whatever its characters. */
function shortened(message: string): string {
  return message.length <= maxMessageLength ? message : `${message.slice(0, maxMessageLength - 1)}…`;
}

const maxMessageLength = 8 * 1_024;

function isKind(kind: unknown): kind is EndpointKind {
  return kind === 'unary' || kind === 'server' || kind === 'client' || kind === 'bidi';
}
