import { ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** How an HTTP broker is made. All fields are optional. */
export interface HttpBrokerOptions {
  /** Where subscriptions are reached, as `host:port`; port 0 takes a free one. Default `127.0.0.1:0`. */
  readonly listen?: string | undefined;
  /**
   * What the registry tells publishers, as `host` or `host:port`. Default: where it listens, a wildcard replaced by the first private
   * address of this machine.
   */
  readonly advertise?: string | undefined;
  /** Listens on every interface without TLS all the same. Default false. */
  readonly insecure?: boolean | undefined;
  /** How long the registry keeps a subscription whose process has died. Range 1,000 to 86,400,000, default 60,000 as go-micro has it. */
  readonly ttlMs?: number | undefined;
  /** How long a connection to a subscriber may take to open. Range 50 to 60,000, default 2,000. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * At most once: how long a subscriber may take to answer. Also how long a publisher may take to send one request. Range 50 to
   * 120,000, default 5,000.
   */
  readonly requestTimeoutMs?: number | undefined;
  /** How long the first publish waits until the registry has told who subscribes. Range 50 to 60,000, default 2,000. */
  readonly discoveryTimeoutMs?: number | undefined;
  /** The largest message, in the form in which it is posted (about 4/3 of its body). Range 1,024 to 1 GiB, default 8 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /** At most once: how many messages may wait for one subscriber. Range 1 to 1,000,000, default 4,096. */
  readonly maxPendingMessages?: number | undefined;
  /** The same in bytes. Range 1 to 4 GiB, default 16 MiB. */
  readonly maxPendingBytes?: number | undefined;
  /** At most once: how long a message may wait for its subscriber before it is dropped. Range 1 to 3,600,000, default 10,000. */
  readonly maxPendingMs?: number | undefined;
  /** At most once: how many messages a subscription holds that wait for a handler; more are refused. Range 1 to 1,048,576, default 65,536. */
  readonly maxWaitingMessages?: number | undefined;
  /** The same in bytes. Range 1 to 4 GiB, default 64 MiB. */
  readonly maxWaitingBytes?: number | undefined;
  /** At least once: how many messages are with one subscription at once, each on a connection of its own. Range 1 to 1,024, default 32. */
  readonly maxConnectionsPerSubscription?: number | undefined;
  /** How many connections the server of the subscriptions holds; more are closed at once. Range 1 to 65,536, default 4,096. */
  readonly maxConnections?: number | undefined;
  /** A folder on a local disk, for this process alone: turns at least once on. Default: none. */
  readonly spool?: string | SpoolOptions | undefined;
}

/** Where messages are kept until they are acknowledged. */
export interface SpoolOptions {
  /** The folder; it is made where it is not there. One process uses it at a time. */
  readonly path: string;
  /** How many messages are kept, counted once for each queue and subscriber; then publishing rejects. Range 1 to 10,000,000, default 1,000,000. */
  readonly maxMessages?: number | undefined;
  /** The same in bytes, each message counted once. Range 1,024 to 1 TiB, default 1 GiB. */
  readonly maxBytes?: number | undefined;
  /** How long messages wait for a subscriber without a queue that has left the registry. Range 1,000 to 86,400,000, default 60,000. */
  readonly abandonAfterMs?: number | undefined;
  /** How long a queue without members is remembered, and its messages are kept. Range 60,000 to one year, default seven days. */
  readonly forgetQueueAfterMs?: number | undefined;
}

/** {@link HttpBrokerOptions}, copied, filled and checked. */
export interface ResolvedHttpBrokerOptions {
  readonly listen: HostAndPort;
  readonly advertise: { readonly host: string; readonly port: number | undefined } | undefined;
  readonly insecure: boolean;
  readonly ttlMs: number;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly discoveryTimeoutMs: number;
  readonly maxMessageBytes: number;
  readonly maxPendingMessages: number;
  readonly maxPendingBytes: number;
  readonly maxPendingMs: number;
  readonly maxWaitingMessages: number;
  readonly maxWaitingBytes: number;
  readonly maxConnectionsPerSubscription: number;
  readonly maxConnections: number;
  readonly spool: ResolvedSpoolOptions | undefined;
}

export interface ResolvedSpoolOptions {
  readonly path: string;
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly abandonAfterMs: number;
  readonly forgetQueueAfterMs: number;
}

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveHttpBrokerOptions(options: HttpBrokerOptions): ResolvedHttpBrokerOptions {
  const number = (name: NumberOption, min: number, max: number, fallback: number): number =>
    checkedNumber(`httpBroker.${name}`, options[name], { min, max, fallback });
  return Object.freeze({
    listen: checkedListen(options.listen ?? '127.0.0.1:0'),
    advertise: options.advertise === undefined ? undefined : checkedAdvertise(options.advertise),
    insecure: checkedBoolean('insecure', options.insecure ?? false),
    ttlMs: number('ttlMs', 1_000, 24 * 3_600 * 1_000, 60 * 1_000),
    connectTimeoutMs: number('connectTimeoutMs', 50, 60 * 1_000, 2 * 1_000),
    requestTimeoutMs: number('requestTimeoutMs', 50, 120 * 1_000, 5 * 1_000),
    discoveryTimeoutMs: number('discoveryTimeoutMs', 50, 60 * 1_000, 2 * 1_000),
    maxMessageBytes: number('maxMessageBytes', 1_024, 1_024 ** 3, 8 * 1_024 ** 2),
    maxPendingMessages: number('maxPendingMessages', 1, 1_000_000, 4_096),
    maxPendingBytes: number('maxPendingBytes', 1, 4 * 1_024 ** 3, 16 * 1_024 ** 2),
    maxPendingMs: number('maxPendingMs', 1, 3_600 * 1_000, 10 * 1_000),
    maxWaitingMessages: number('maxWaitingMessages', 1, 1_024 ** 2, 65_536),
    maxWaitingBytes: number('maxWaitingBytes', 1, 4 * 1_024 ** 3, 64 * 1_024 ** 2),
    maxConnectionsPerSubscription: number('maxConnectionsPerSubscription', 1, 1_024, 32),
    maxConnections: number('maxConnections', 1, 65_536, 4_096),
    spool: options.spool === undefined ? undefined : resolvedSpool(options.spool),
  });
}

type NumberOption = {
  [K in keyof HttpBrokerOptions]-?: HttpBrokerOptions[K] extends number | undefined ? K : never;
}[keyof HttpBrokerOptions];

function resolvedSpool(given: string | SpoolOptions): ResolvedSpoolOptions {
  const options = typeof given === 'string' ? { path: given } : Object(given);
  const { path, maxMessages, maxBytes, abandonAfterMs, forgetQueueAfterMs } = options as SpoolOptions;
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw invalid(`spool is ${JSON.stringify(given)}; it must be the path of a folder`);
  }
  const number = (name: string, value: number | undefined, min: number, max: number, fallback: number): number =>
    checkedNumber(`httpBroker.spool.${name}`, value, { min, max, fallback });
  return Object.freeze({
    path,
    maxMessages: number('maxMessages', maxMessages, 1, 10_000_000, 1_000_000),
    maxBytes: number('maxBytes', maxBytes, 1_024, 1_024 ** 4, 1_024 ** 3),
    abandonAfterMs: number('abandonAfterMs', abandonAfterMs, 1_000, dayMs, 60 * 1_000),
    forgetQueueAfterMs: number('forgetQueueAfterMs', forgetQueueAfterMs, 60_000, 365 * dayMs, 7 * dayMs),
  });
}

function checkedListen(listen: string): HostAndPort {
  const [, bracketed, plain, digits] = (typeof listen === 'string' && address.exec(listen)) || [];
  const host = bracketed ?? plain;
  if (host !== undefined && digits !== undefined && Number(digits) <= 65_535) return { host, port: Number(digits) };
  throw invalid(`listen is ${JSON.stringify(listen)}; it must be host:port`);
}

function checkedAdvertise(advertise: string): { readonly host: string; readonly port: number | undefined } {
  const [, bracketed, plain, digits] = (typeof advertise === 'string' && address.exec(advertise)) || [];
  const host = bracketed ?? plain;
  const port = digits === undefined ? undefined : Number(digits);
  if (host !== undefined && (port === undefined || (port >= 1 && port <= 65_535))) return { host, port };
  throw invalid(`advertise is ${JSON.stringify(advertise)}; it must be host or host:port`);
}

function checkedBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw invalid(`${name} is ${JSON.stringify(value)}; it must be true or false`);
}

function invalid(text: string): ServiceError {
  return new ServiceError('InvalidArgument', `httpBroker.${text}`, { executed: 'no' });
}

/** A host name, an IPv4 address or a bracketed IPv6 address, and perhaps a port. */
const address = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/;
const dayMs = 24 * 3_600 * 1_000;
