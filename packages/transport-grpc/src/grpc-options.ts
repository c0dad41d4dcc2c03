import { defaultMaxMessageBytes, ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import type { ProtoLock } from '@tenon/protobuf';
import { type Encoding, isEncoding } from './wire/encodings.js';

/** What `grpcTransport` may be told. The answering side has the limits of its server's port. All fields are optional. */
export interface GrpcOptions {
  /** How long connecting may take, TLS included, in milliseconds. Range 1 to 600,000, default 2,000: room for one lost packet. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How often a peer is asked whether it is still there, in milliseconds. Range 200 to 3,600,000, default 10,000. It is
   * done in ways that no server takes for abuse. gRPC's name: `keepalive_time`.
   */
  readonly pingMs?: number | undefined;
  /**
   * How long it may take to answer before its calls are given up as `Unavailable`, in milliseconds. Range 10 to 600,000,
   * default 4,000. gRPC's name: `keepalive_timeout`.
   */
  readonly pingTimeoutMs?: number | undefined;
  /**
   * The largest message to send and to take, in bytes, after it is inflated. Range 1 to 1 GiB, default 4 MiB, gRPC's default for
   * what is received.
   */
  readonly maxMessageBytes?: number | undefined;
  /**
   * How messages are compressed on their way out, requests and replies: `identity`, `gzip` or `deflate`. Replies only where the
   * caller reads it. One call says otherwise by the metadata `grpc-encoding`, and so does a handler for its reply. Default
   * `identity`: within a data centre compressing costs more time than it saves.
   */
  readonly compression?: Encoding | undefined;
  /**
   * The media type of requests where the call names none. Default: to Tenon nodes `application/msgpack` if such a codec is bound, to
   * others `application/protobuf` if one is bound and the endpoint has both its classes; else `application/json`.
   */
  readonly contentType?: string | undefined;
  /**
   * Keys of reply metadata that a server sends behind the messages, as gRPC's trailing metadata, rather than before them. Only
   * strangers can tell the difference. Default: none.
   */
  readonly trailing?: readonly string[] | undefined;
  /**
   * Whether a server tells what its services are in protobuf, by `grpc.reflection.v1` and `v1alpha`, which tools such as grpcurl
   * ask for. It says no more than the registry does. Default true.
   */
  readonly reflection?: boolean | undefined;
  /** The numbers of fields that reflection tells, the same as those of the protobuf codec. Default: from 1, in the order of the class. */
  readonly locks?: readonly ProtoLock[] | undefined;
}

/** {@link GrpcOptions}, filled and checked. */
export interface ResolvedGrpcOptions {
  readonly connectTimeoutMs: number;
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
  readonly maxMessageBytes: number;
  readonly compression: Encoding;
  readonly contentType: string | undefined;
  readonly trailing: ReadonlySet<string>;
  readonly reflection: boolean;
  readonly locks: readonly ProtoLock[];
}

/** @throws ServiceError `InvalidArgument` that names the option, its value and its range. */
export function resolveGrpcOptions(options: GrpcOptions): ResolvedGrpcOptions {
  type Numbers = 'connectTimeoutMs' | 'pingMs' | 'pingTimeoutMs' | 'maxMessageBytes';
  const number = (key: Numbers, min: number, max: number, fallback: number): number =>
    checkedNumber(`grpcTransport.${key}`, options[key], { min, max, fallback });
  const { compression = 'identity', contentType, trailing = [], reflection = true, locks = [] } = options;
  if (!isEncoding(compression)) {
    const text = `grpcTransport.compression is ${JSON.stringify(compression)}; it must be identity, gzip or deflate`;
    throw new ServiceError('InvalidArgument', text, { executed: 'no' });
  }
  return Object.freeze({
    connectTimeoutMs: number('connectTimeoutMs', 1, 600 * 1_000, 2 * 1_000),
    pingMs: number('pingMs', 200, 3_600 * 1_000, 10 * 1_000),
    pingTimeoutMs: number('pingTimeoutMs', 10, 600 * 1_000, 4 * 1_000),
    maxMessageBytes: number('maxMessageBytes', 1, 1_024 * 1_024 * 1_024, defaultMaxMessageBytes),
    compression,
    contentType,
    trailing: new Set(trailing.map((key) => key.toLowerCase())),
    reflection,
    locks: Object.freeze([...locks]),
  });
}
