import { defaultMaxMessageBytes, ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** Where a {@link SharedPort} listens and what it lets a peer do. All but `instance` are optional. */
export interface SharedPortOptions {
  /** The interface to listen on: an address or a name of this machine. Default `127.0.0.1`: nobody else reaches it. */
  readonly host?: string | undefined;
  /** The TCP port, 0 to 65,535; 0 lets the system choose a free one. Default 0. */
  readonly port?: number | undefined;
  /** The id of this run of the process, as it stands in its nodes' metadata. */
  readonly instance: string;
  /** The largest request body, or message of a stream, in bytes. Range 1 to 1 GiB, default 4 MiB, gRPC's default. */
  readonly maxMessageBytes?: number | undefined;
  /** Connections at one time; further ones are closed at once. Range 1 to 1,000,000, default 10,000. */
  readonly maxConnections?: number | undefined;
  /**
   * How long a peer may take to send the first bytes, from which its protocol is told, then for the TLS handshake, and on
   * HTTP/2 for its settings, in milliseconds each. Range 100 to 60,000, default 5,000.
   */
  readonly handshakeTimeoutMs?: number | undefined;
  /**
   * How long a peer may take to send a request's head, counted from its first byte, in milliseconds: at most, it may end half a
   * second sooner. Range 100 to 600,000, default 10,000.
   */
  readonly headersTimeoutMs?: number | undefined;
  /**
   * How long a peer may take to send a whole request, in milliseconds, likewise. Range 100 to 3,600,000, default 30,000: 4 MiB at
   * 140 kB a second.
   */
  readonly requestTimeoutMs?: number | undefined;
  /** How long a peer may leave a finished reply untouched, in milliseconds. Range 100 to 600,000, default 30,000. */
  readonly replyTimeoutMs?: number | undefined;
  /**
   * How long a connection may stay idle between two requests, in milliseconds, as told to the peer in `Keep-Alive`;
   * the port itself waits a second longer, so that the peer is the one who closes. Range 1,000 to 3,600,000. Default
   * 65,000: go-micro's client keeps a connection for a minute and does not notice that a server closed it.
   */
  readonly keepAliveMs?: number | undefined;
  /** What `drain` grants an idle connection for a request that is on its way, in milliseconds. 0 to 60,000, default 200. */
  readonly drainGraceMs?: number | undefined;
  /** Bytes of a request's head. Range 1,024 to 1 MiB, default 16 KiB. Answered 431. */
  readonly maxHeaderBytes?: number | undefined;
  /** Lines of a request's head. Range 10 to 2,000, default 100. Answered 431. */
  readonly maxHeaders?: number | undefined;
  /**
   * Requests under way on one connection. HTTP/1.1 clients send one at a time; a peer that pipelines more than this is
   * cut off. Range 1 to 10,000, default 100.
   */
  readonly maxPipelined?: number | undefined;
  /** Streams open at one time on an HTTP/2 connection; further ones are refused unserved. 1 to 10,000, default 100. */
  readonly maxStreams?: number | undefined;
  /**
   * How long an HTTP/2 connection may stay without a stream, in milliseconds; then it is told to go and ends.
   * Range 100 to 86,400,000, default 300,000 (5 min).
   */
  readonly sessionIdleMs?: number | undefined;
  /**
   * How long a peer with calls under way on an HTTP/2 connection may say nothing, in milliseconds: after half of it, it is asked by a
   * ping. It is looked after each `replyTimeoutMs`. Range 100 to 86,400,000, default 60,000.
   */
  readonly peerSilenceMs?: number | undefined;
  /**
   * What an HTTP/2 connection may hold in memory, replies on their way included, in bytes: above it new streams are refused.
   * Range 1,000,000 to 1 GiB, default 32 MiB: a hundred full stream windows and a few large replies.
   */
  readonly maxSessionMemoryBytes?: number | undefined;
}

/** {@link SharedPortOptions}, filled and checked. */
export type ResolvedSharedPortOptions = {
  readonly [K in keyof SharedPortOptions]-?: NonNullable<SharedPortOptions[K]>;
};

/** @throws ServiceError `InvalidArgument` that names the option, its value and its range. */
export function resolveSharedPortOptions(options: SharedPortOptions): ResolvedSharedPortOptions {
  if (typeof options.instance !== 'string' || options.instance === '') {
    throw new ServiceError('InvalidArgument', 'SharedPort.instance must be a text that is not empty', {
      executed: 'no',
    });
  }
  const number = (
    key: Exclude<keyof SharedPortOptions, 'host' | 'instance'>,
    min: number,
    max: number,
    fallback: number,
  ): number => checkedNumber(`SharedPort.${key}`, options[key], { min, max, fallback });
  return Object.freeze({
    host: options.host ?? '127.0.0.1',
    port: number('port', 0, 65_535, 0),
    instance: options.instance,
    maxMessageBytes: number('maxMessageBytes', 1, 1_024 * 1_024 * 1_024, defaultMaxMessageBytes),
    maxConnections: number('maxConnections', 1, 1_000_000, 10_000),
    handshakeTimeoutMs: number('handshakeTimeoutMs', 100, 60 * 1_000, 5 * 1_000),
    headersTimeoutMs: number('headersTimeoutMs', 100, 600 * 1_000, 10 * 1_000),
    requestTimeoutMs: number('requestTimeoutMs', 100, 3_600 * 1_000, 30 * 1_000),
    replyTimeoutMs: number('replyTimeoutMs', 100, 600 * 1_000, 30 * 1_000),
    keepAliveMs: number('keepAliveMs', 1_000, 3_600 * 1_000, 65 * 1_000),
    drainGraceMs: number('drainGraceMs', 0, 60 * 1_000, 200),
    maxHeaderBytes: number('maxHeaderBytes', 1_024, 1_024 * 1_024, 16 * 1_024),
    maxHeaders: number('maxHeaders', 10, 2_000, 100),
    maxPipelined: number('maxPipelined', 1, 10_000, 100),
    maxStreams: number('maxStreams', 1, 10_000, 100),
    peerSilenceMs: number('peerSilenceMs', 100, 24 * 3_600 * 1_000, 60 * 1_000),
    sessionIdleMs: number('sessionIdleMs', 100, 24 * 3_600 * 1_000, 300 * 1_000),
    maxSessionMemoryBytes: number('maxSessionMemoryBytes', 1_000_000, 1_024 * 1_024 * 1_024, 32 * 1_024 * 1_024),
  });
}
