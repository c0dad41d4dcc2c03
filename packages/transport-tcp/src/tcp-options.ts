import { checkedNumber } from '@tenon/contract/authoring';
import { limitRanges, type WireLimits } from './wire-limits.js';

/** How `tcpTransport` uses the wire. All fields are optional. */
export interface TcpOptions {
  /** How long connecting may take, in milliseconds. Range 1 to 600,000, default 2,000: room for one lost packet. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How long a peer may take to introduce itself, in milliseconds. Range 1 to 600,000, default 5,000. It ends the dial
   * with `Unavailable`, and on a server the connection.
   */
  readonly handshakeTimeoutMs?: number | undefined;
  /**
   * The largest request, reply or message of a stream that this side sends and takes as a client, in bytes. Range 1 to
   * 1 GiB, default 4 MiB, gRPC's default. For a server it is set at its port.
   */
  readonly maxMessageBytes?: number | undefined;
  /** Unary calls under way on one connection that a server takes; clients let further ones wait. 1 to 16,384, default 1,024. */
  readonly maxCalls?: number | undefined;
  /** Streams under way on one connection that a server takes; clients let further ones wait. 1 to 16,384, default 100. */
  readonly maxStreams?: number | undefined;
  /**
   * What a peer may send on a stream before anyone reads, in bytes. Range 1,024 to 1 MiB, default 64 KiB. A stream whose
   * reader waits for more is granted up to four times that.
   */
  readonly windowBytes?: number | undefined;
  /** The same for all streams of a connection together, while their bytes travel. 64 KiB to 16 MiB, default 1 MiB. */
  readonly connectionWindowBytes?: number | undefined;
  /**
   * What the streams of all connections may hold for slow readers before their peers are slowed down as a whole, in
   * bytes. Range 1 MiB to 16 GiB, default 32 MiB.
   */
  readonly maxStreamBufferBytes?: number | undefined;
  /**
   * How long a peer may be silent while calls are under way before it is asked for a sign of life, in milliseconds. Range
   * 100 to 3,600,000, default 10,000.
   */
  readonly pingAfterMs?: number | undefined;
  /** The same while no call is under way. Range 100 to 3,600,000, default 10,000. */
  readonly idlePingAfterMs?: number | undefined;
  /**
   * How long it may take to answer before the connection is given up, in milliseconds. 10 to 600,000, default 4,000:
   * together with the time before it a peer that is only half there is dropped within 15 s.
   */
  readonly pingTimeoutMs?: number | undefined;
  /**
   * The media type of requests where the call names none. Default: the first codec bound that keeps state per connection,
   * else the first that both sides have. Where the peer does not have it, the default holds.
   */
  readonly contentType?: string | undefined;
}

/** {@link TcpOptions}, filled and checked. */
export interface ResolvedTcpOptions {
  readonly connectTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  /** What this side says that it takes. */
  readonly limits: WireLimits;
  readonly maxStreamBufferBytes: number;
  readonly pingAfterMs: number;
  readonly idlePingAfterMs: number;
  readonly pingTimeoutMs: number;
  readonly contentType: string | undefined;
}

/** @throws ServiceError `InvalidArgument` that names the option, its value and its range. */
export function resolveTcpOptions(options: TcpOptions): ResolvedTcpOptions {
  const number = (
    key: Exclude<keyof TcpOptions, 'contentType'>,
    range: { readonly min: number; readonly max: number; readonly fallback: number },
  ): number => checkedNumber(`tcpTransport.${key}`, options[key], range);
  const { messageBytes, calls, streams, window, connectionWindow } = limitRanges;
  return Object.freeze({
    connectTimeoutMs: number('connectTimeoutMs', { min: 1, max: 600 * 1_000, fallback: 2 * 1_000 }),
    handshakeTimeoutMs: number('handshakeTimeoutMs', { min: 1, max: 600 * 1_000, fallback: 5 * 1_000 }),
    limits: Object.freeze({
      messageBytes: number('maxMessageBytes', messageBytes),
      calls: number('maxCalls', calls),
      streams: number('maxStreams', streams),
      window: number('windowBytes', window),
      connectionWindow: number('connectionWindowBytes', connectionWindow),
    }),
    maxStreamBufferBytes: number('maxStreamBufferBytes', {
      min: 1_024 * 1_024,
      max: 16 * 1_024 * 1_024 * 1_024,
      fallback: 32 * 1_024 * 1_024,
    }),
    pingAfterMs: number('pingAfterMs', { min: 100, max: 3_600 * 1_000, fallback: 10 * 1_000 }),
    idlePingAfterMs: number('idlePingAfterMs', { min: 100, max: 3_600 * 1_000, fallback: 10 * 1_000 }),
    pingTimeoutMs: number('pingTimeoutMs', { min: 10, max: 600 * 1_000, fallback: 4 * 1_000 }),
    contentType: options.contentType,
  });
}
