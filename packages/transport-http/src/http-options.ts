import { defaultMaxMessageBytes } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** What the calling side of `httpTransport` may use. The answering side has the limits of its server's port. */
export interface HttpOptions {
  /**
   * Sockets per node over HTTP/1.1, each carrying one call at a time; further calls wait for a free one within their
   * deadline. Range 1 to 65,535, default 256.
   */
  readonly maxSockets?: number | undefined;
  /**
   * How long a socket may lie idle before it is closed, in milliseconds. A node that says `Keep-Alive: timeout=n` is
   * left a second earlier than that, so that it never closes a socket under a call. Range 1 to 3,600,000, default
   * 30,000.
   */
  readonly maxIdleMs?: number | undefined;
  /** How long connecting may take, TLS included, in milliseconds. Range 1 to 600,000, default 2,000: room for one lost packet. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How often a peer is asked whether it is still there, in milliseconds: over HTTP/2 always, over HTTP/1.1 while a call is
   * under way for which nothing has come for so long. Range 200 to 3,600,000, default 10,000.
   */
  readonly pingMs?: number | undefined;
  /**
   * How long it may take to answer before its calls are given up as `Unavailable`, in milliseconds. 10 to 600,000, default
   * 4,000: together with the time before it a peer that is only half there is dropped within 15 s.
   */
  readonly pingTimeoutMs?: number | undefined;
  /** The largest request to send and reply to take, or message of a stream, in bytes. Range 1 to 1 GiB, default 4 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /**
   * The media type of requests to Tenon nodes where the call names none. Default `application/msgpack` if such a codec
   * is bound, else `application/json`. Calls to go-micro nodes are `application/json`, go-micro's own default.
   */
  readonly contentType?: string | undefined;
}

/** {@link HttpOptions}, filled and checked. */
export interface ResolvedHttpOptions {
  readonly maxSockets: number;
  readonly maxIdleMs: number;
  readonly connectTimeoutMs: number;
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
  readonly maxMessageBytes: number;
  readonly contentType: string | undefined;
}

/** @throws ServiceError `InvalidArgument` that names the option, its value and its range. */
export function resolveHttpOptions(options: HttpOptions): ResolvedHttpOptions {
  const number = (key: Exclude<keyof HttpOptions, 'contentType'>, min: number, max: number, fallback: number): number =>
    checkedNumber(`httpTransport.${key}`, options[key], { min, max, fallback });
  return Object.freeze({
    maxSockets: number('maxSockets', 1, 65_535, 256),
    maxIdleMs: number('maxIdleMs', 1, 3_600 * 1_000, 30 * 1_000),
    connectTimeoutMs: number('connectTimeoutMs', 1, 600 * 1_000, 2 * 1_000),
    pingMs: number('pingMs', 200, 3_600 * 1_000, 10 * 1_000),
    pingTimeoutMs: number('pingTimeoutMs', 10, 600 * 1_000, 4 * 1_000),
    maxMessageBytes: number('maxMessageBytes', 1, 1_024 * 1_024 * 1_024, defaultMaxMessageBytes),
    contentType: options.contentType,
  });
}
