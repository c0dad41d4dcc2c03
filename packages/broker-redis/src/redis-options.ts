import { type DeliveryLevel, ServiceError } from '@tenon/contract';
import { type BackoffOptions, checkedBackoff, checkedNumber } from '@tenon/contract/authoring';
import type { Keeping } from './scripts/publish.js';

/** How to reach Redis, what it keeps, and how much to hold for it. All fields are optional. */
export interface RedisOptions {
  /**
   * The primary, as `host:port`, `redis://host:port` or `rediss://host:port` (TLS). Where several are written, all addresses at which the
   * primary may be found: they are tried in random order, and one that says it is a replica is passed over. Default `127.0.0.1:6379`.
   */
  readonly servers?: readonly string[] | undefined;
  /** For a server with users. Wants a `password`. Default: the user `default`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** The number of the database, 0 to 16,383. Default 0. */
  readonly db?: number | undefined;
  /** Insists on TLS. An empty object trusts the machine's authorities. Default: off, unless a server is written as `rediss://…`. */
  readonly tls?: RedisTls | undefined;
  /** What all keys and channels begin with, 1 to 64 letters, digits, `-`, `_`, `.` and `:`. Default `tenon`. */
  readonly prefix?: string | undefined;
  /** What the server's lists of clients and consumers show, 1 to 64 letters, digits, `-`, `_`, `.` and `:`. Default `tenon`. */
  readonly name?: string | undefined;
  /** The level where none is asked for. Default `atMostOnce`, as with the other brokers. */
  readonly delivery?: DeliveryLevel | undefined;
  /**
   * What a message at least once outlives, as the broker is to declare it. `broker` only where the server runs with `appendonly yes` and
   * `appendfsync always`: that is yours to vouch for, and doubted in the log where the server says otherwise. Default `publisher`.
   */
  readonly outlives?: 'publisher' | 'broker' | undefined;
  /** What the streams keep. */
  readonly streams?: Partial<Keeping> | undefined;
  /** How long `start` waits for a server, in milliseconds, 50 to 2,000. Default 1,500. */
  readonly connectTimeoutMs?: number | undefined;
  /** How often the connections are tested, in milliseconds, 100 to 120,000; two intervals without an answer end them. Default 10,000. */
  readonly pingIntervalMs?: number | undefined;
  /** How large a message may be with its envelope, in bytes, 1,024 to 512 MiB. Default 1 MiB, which is NATS's own limit. */
  readonly maxMessageBytes?: number | undefined;
  /**
   * How much may wait for the server's word at each level of delivery, in bytes, 1 to 1 GiB; each message counts for its size and 256
   * bytes. Beyond it publishing rejects with `ResourceExhausted`. Default 16 MiB.
   */
  readonly maxPendingBytes?: number | undefined;
  /**
   * How long a message may wait to be published, in milliseconds, 1 to `Infinity`; then publishing rejects with `Unavailable`. Default
   * 10,000, which is the default deadline of a call.
   */
  readonly maxPendingMs?: number | undefined;
  /** How many messages of one subscription at most once may wait for a handler, 1 to 1,048,576; further ones are dropped. Default 65,536. */
  readonly maxWaitingMessages?: number | undefined;
  /** The same in bytes, with what is in hand, 1 to 4 GiB. Default 64 MiB. */
  readonly maxWaitingBytes?: number | undefined;
  /** The waits between attempts to connect again, for ever. Default `{ baseMs: 100, factor: 2, maxMs: 1_000, jitter: 1 }`. */
  readonly reconnect?: Partial<BackoffOptions> | undefined;
  /**
   * How long publishing at most once stays held after a reconnect, in milliseconds, 0 to 60,000, so that subscribers elsewhere are back
   * too. Default 500 more than `reconnect.maxMs`.
   */
  readonly rejoinMs?: number | undefined;
}

/** PEM text. */
export interface RedisTls {
  /** The authorities to trust. Default: those of Node.js. */
  readonly ca?: string | undefined;
  /** Our certificate, for servers that ask for one. Goes together with `key`. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** {@link RedisOptions} with every default filled in. */
export interface ResolvedRedisOptions {
  /** Each as `host` or `host:port`. */
  readonly servers: readonly string[];
  readonly credentials: { readonly username?: string; readonly password?: string };
  readonly db: number;
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
  readonly prefix: string;
  readonly name: string;
  readonly delivery: DeliveryLevel;
  readonly outlives: 'publisher' | 'broker';
  readonly streams: Keeping;
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly maxMessageBytes: number;
  readonly maxPendingBytes: number;
  readonly maxPendingMs: number;
  readonly maxWaitingMessages: number;
  readonly maxWaitingBytes: number;
  readonly reconnect: BackoffOptions;
  readonly rejoinMs: number;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveRedisOptions(options: RedisOptions = {}): ResolvedRedisOptions {
  const number = (name: NumberOption, min: number, max: number, fallback: number): number =>
    checkedNumber(`redisBroker.${name}`, options[name], { min, max, fallback });
  const servers = options.servers ?? ['127.0.0.1:6379'];
  const reconnect = checkedBackoff('redisBroker.reconnect', options.reconnect, defaultReconnect);
  return Object.freeze({
    servers: checkedServers(servers),
    credentials: checkedCredentials(options),
    db: number('db', 0, 16_383, 0),
    tls: checkedTls(options.tls ?? (servers.some((server) => server.startsWith('rediss://')) ? {} : undefined)),
    prefix: checkedName('prefix', options.prefix ?? 'tenon'),
    name: checkedName('name', options.name ?? 'tenon'),
    delivery: oneOf('delivery', options.delivery ?? 'atMostOnce', ['atMostOnce', 'atLeastOnce']),
    outlives: oneOf('outlives', options.outlives ?? 'publisher', ['publisher', 'broker']),
    streams: resolvedKeeping(options.streams ?? {}),
    connectTimeoutMs: number('connectTimeoutMs', 50, 2_000, 1_500),
    pingIntervalMs: number('pingIntervalMs', 100, 120_000, 10_000),
    maxMessageBytes: number('maxMessageBytes', 1_024, 512 * 1_024 ** 2, 1_024 ** 2),
    maxPendingBytes: number('maxPendingBytes', 1, 1_024 ** 3, 16 * 1_024 ** 2),
    maxPendingMs: number('maxPendingMs', 1, Number.POSITIVE_INFINITY, 10_000),
    maxWaitingMessages: number('maxWaitingMessages', 1, 1_024 ** 2, 65_536),
    maxWaitingBytes: number('maxWaitingBytes', 1, 4 * 1_024 ** 3, 64 * 1_024 ** 2),
    reconnect,
    rejoinMs: number('rejoinMs', 0, 60_000, Math.min(reconnect.maxMs + 500, 60_000)),
  });
}

type NumberOption = {
  [K in keyof RedisOptions]-?: RedisOptions[K] extends number | undefined ? K : never;
}[keyof RedisOptions];

function resolvedKeeping(given: Partial<Keeping>): Keeping {
  const { POSITIVE_INFINITY } = Number;
  const number = (name: keyof Keeping, min: number, max: number, fallback: number): number =>
    checkedNumber(`redisBroker.streams.${name}`, given[name], { min, max, fallback });
  return Object.freeze({
    maxAgeMs: number('maxAgeMs', 1_000, POSITIVE_INFINITY, 604_800_000),
    maxLength: number('maxLength', 1, POSITIVE_INFINITY, POSITIVE_INFINITY),
    duplicateWindowMs: number('duplicateWindowMs', 1_000, 86_400_000, 120_000),
  });
}

function checkedServers(servers: readonly string[]): readonly string[] {
  if (!Array.isArray(servers) || servers.length === 0) {
    throw invalid('servers must name at least one server, as host:port');
  }
  return Object.freeze(servers.map(checkedServer));
}

function checkedServer(server: unknown): string {
  const match = typeof server === 'string' ? address.exec(server) : null;
  if (match !== null && Number(match[2]?.slice(1) ?? 1) <= 65_535) return `${match[1]}${match[2] ?? ''}`;
  // Not printed as it is: people write passwords into addresses.
  const shown = String(server).replace(/^(.*:\/\/)?.*@/, '$1…@');
  throw invalid(
    `servers has ${JSON.stringify(shown)}; write host:port, who you are as username and password, and the database as db`,
  );
}

function checkedCredentials({ username, password }: RedisOptions): ResolvedRedisOptions['credentials'] {
  if (username !== undefined && password === undefined) throw invalid('username wants a password');
  if (password === undefined) return Object.freeze({});
  return Object.freeze(username === undefined ? { password } : { username, password });
}

function checkedTls(tls: RedisTls | undefined): ResolvedRedisOptions['tls'] {
  if (tls === undefined) return undefined;
  if ((tls.cert === undefined) !== (tls.key === undefined)) throw invalid('tls.cert and tls.key go together');
  const { ca, cert, key } = tls;
  return Object.freeze({
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  });
}

function checkedName(option: string, name: string): string {
  if (typeof name === 'string' && /^[\w.:-]{1,64}$/.test(name)) return name;
  throw invalid(`${option} is ${JSON.stringify(name)}; it must be 1 to 64 letters, digits, "-", "_", "." and ":"`);
}

function oneOf<T extends string>(name: string, value: T, known: readonly T[]): T {
  if (known.includes(value)) return value;
  throw invalid(`${name} is ${JSON.stringify(value)}; it must be ${known.map((one) => `"${one}"`).join(' or ')}`);
}

function invalid(text: string): ServiceError {
  return new ServiceError('InvalidArgument', `redisBroker.${text}`, { executed: 'no' });
}

/** A host name, an IPv4 address or a bracketed IPv6 address, and perhaps a port. */
const address = /^(?:rediss?:\/\/)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?\/?$/;
const defaultReconnect: BackoffOptions = Object.freeze({ baseMs: 100, factor: 2, maxMs: 1_000, jitter: 1 });
