import type { IncomingHttpHeaders } from 'node:http2';
import { type EndpointKind, type Metadata, ServiceError } from '@tenon/contract';
import { type Encoding, encodingOf } from '../wire/encodings.js';
import { readTimeout } from '../wire/grpc-timeout.js';
import type { GrpcType, GrpcTypes } from '../wire/grpc-types.js';
import { metadataOf, nodeField } from '../wire/metadata-fields.js';
import type { CalledEndpoint } from './paths.js';

/** What a request says before its messages. */
export interface RequestHead {
  readonly service: string;
  readonly endpoint: string;
  readonly kind: EndpointKind | undefined;
  /** The id of the node that the caller meant, where it says so. */
  readonly node: string | undefined;
  readonly metadata: Metadata;
  /** In milliseconds from now; `Infinity` where the caller set none. */
  readonly leftMs: number;
  /** The form of its messages, and of the answer's. */
  readonly type: GrpcType;
  /** How its messages are compressed, where they say that they are. */
  readonly encoding: Encoding;
  /** What the caller reads, as `grpc-accept-encoding` says it. */
  readonly acceptedEncodings: string | undefined;
  /** Whether the caller is go-micro's client. */
  readonly goMicro: boolean;
  /** Whether the caller runs on Node's HTTP/2, which ends a stream before it resets it. */
  readonly endsBeforeReset: boolean;
}

/** Who knows what paths name. */
export interface PathReader {
  /** @throws ServiceError `Unimplemented`, `executed: 'no'`, for a path that can name no endpoint. */
  find(path: string, node: string | undefined): CalledEndpoint;
}

/**
 * Reads the head of a request whose content type is gRPC's.
 *
 * @throws ServiceError `Unimplemented` for a path that names nothing and for an encoding that is not known;
 * `InvalidArgument` or `ResourceExhausted` for metadata or a time that cannot be read; all with `executed: 'no'`.
 */
export function readHead(headers: IncomingHttpHeaders, type: GrpcType, paths: PathReader): RequestHead {
  const node = one(headers[nodeField]);
  const { service, endpoint, kind } = paths.find(headers[':path'] ?? '', node);
  const goMicro = headers[goMicroField] !== undefined;
  const given = metadataOf(headers);
  const leftMs = readTimeout(one(headers['grpc-timeout']));
  if (Number.isNaN(leftMs)) throw noTimeout(headers['grpc-timeout']);
  return {
    service,
    endpoint,
    kind,
    node,
    metadata: goMicro ? withoutGoMicro(given) : given,
    leftMs: goMicro ? Math.min(leftMs, nanoseconds(given['timeout'])) : leftMs,
    type,
    encoding: encodingOf(one(headers['grpc-encoding'])),
    acceptedEncodings: one(headers['grpc-accept-encoding']),
    goMicro,
    endsBeforeReset: onNode.test(headers['user-agent'] ?? ''),
  };
}

/**
 * The type of a request's messages.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, that names those which are known.
 */
export function typeOf(headers: IncomingHttpHeaders, types: GrpcTypes): GrpcType {
  const header = headers['content-type'] ?? '';
  const type = types.ofWire(header);
  if (type !== undefined) return type;
  const text = `no codec is bound for content type ${JSON.stringify(header.slice(0, 100))}; known are ${types.known}`;
  throw ServiceError.refusal('InvalidArgument', text, { executed: 'no' });
}

function withoutGoMicro(metadata: Metadata): Metadata {
  const { timeout: _timeout, [goMicroField]: _type, ...rest } = metadata;
  return Object.freeze(Object.assign(Object.create(null) as Record<string, string>, rest));
}

/** go-micro's own time, which it sends beside gRPC's or instead of it. */
function nanoseconds(text: string | undefined): number {
  return text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) / 1_000_000 : Number.POSITIVE_INFINITY;
}

function one(field: string | string[] | undefined): string | undefined {
  return typeof field === 'string' ? field : field?.[0];
}

function noTimeout(given: unknown): ServiceError {
  const text = `grpc-timeout is ${JSON.stringify(String(given).slice(0, 100))}; it must be 1 to 8 digits and one of HMSmun`;
  return ServiceError.refusal('InvalidArgument', text, { executed: 'no' });
}

/** grpc-js and Connect. */
const onNode = /^(?:grpc-node|connect-es)/;

/** What go-micro's client sends with every call, and nobody else. */
const goMicroField = 'x-content-type';
