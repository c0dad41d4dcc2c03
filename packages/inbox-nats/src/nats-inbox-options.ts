import { ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** Where events are remembered, and for how long. All fields are optional. */
export interface NatsInboxOptions {
  /**
   * The members of the cluster, as `host:port`, `nats://host:port` or `tls://host:port`. One is used at a time, chosen at random; where it
   * fails the next is tried. Default `127.0.0.1:4222`.
   */
  readonly servers?: readonly string[] | undefined;
  /** For a server with users. Goes together with `password`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** For a server with a token. Excludes `username`. */
  readonly token?: string | undefined;
  /** Insists on TLS. An empty object trusts the machine's authorities. Default: off, unless a server is written as `tls://…`. */
  readonly tls?: NatsInboxTls | undefined;
  /**
   * The bucket, 1 to 64 letters, digits, `-` and `_`: made where there is none, used as it is where there is one. All members of a queue
   * need the same. Default `tenon-inbox`.
   */
  readonly bucket?: string | undefined;
  /**
   * For how long an event is remembered, in milliseconds, 60,000 to 31,536,000,000 (a year): longer than it may come again, and than
   * `holdMs` of the inbox. It is the bucket's maximum age, and holds for a bucket that is made here. Default 86,400,000, a day.
   */
  readonly keepMs?: number | undefined;
  /** How many servers keep a bucket that is made here, 1 to 5. Default 1. */
  readonly replicas?: number | undefined;
  /** How long connecting may take over all servers, in milliseconds, 50 to 2,000. Default 1,500. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long the server may take for one answer, in milliseconds, 50 to 30,000. Default 2,000. */
  readonly answerTimeoutMs?: number | undefined;
  /** How often a quiet connection is tested, in milliseconds, 100 to 120,000; three intervals without an answer end it. Default 10,000. */
  readonly pingIntervalMs?: number | undefined;
}

/** PEM text. */
export interface NatsInboxTls {
  /** The authorities to trust. Default: those of Node.js. */
  readonly ca?: string | undefined;
  /** Our certificate, for servers that ask for one. Goes together with `key`. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** {@link NatsInboxOptions} with every default filled in. */
export interface ResolvedNatsInboxOptions {
  /** Each as `host` or `host:port`. */
  readonly servers: readonly string[];
  readonly credentials: { readonly user?: string; readonly pass?: string; readonly token?: string };
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
  readonly bucket: string;
  readonly keepMs: number;
  readonly replicas: number;
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly pingIntervalMs: number;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveNatsInboxOptions(options: NatsInboxOptions = {}): ResolvedNatsInboxOptions {
  const number = (name: NumberOption, min: number, max: number, fallback: number): number =>
    checkedNumber(`natsInbox.${name}`, options[name], { min, max, fallback });
  const servers = options.servers ?? ['127.0.0.1:4222'];
  return Object.freeze({
    servers: checkedServers(servers),
    credentials: checkedCredentials(options),
    tls: checkedTls(options.tls ?? (servers.some((server) => server.startsWith('tls://')) ? {} : undefined)),
    bucket: checkedBucket(options.bucket ?? 'tenon-inbox'),
    keepMs: number('keepMs', 60_000, 365 * day, day),
    replicas: number('replicas', 1, 5, 1),
    connectTimeoutMs: number('connectTimeoutMs', 50, 2_000, 1_500),
    answerTimeoutMs: number('answerTimeoutMs', 50, 30_000, 2_000),
    pingIntervalMs: number('pingIntervalMs', 100, 120_000, 10_000),
  });
}

type NumberOption = {
  [K in keyof NatsInboxOptions]-?: NatsInboxOptions[K] extends number | undefined ? K : never;
}[keyof NatsInboxOptions];

function checkedServers(servers: readonly string[]): readonly string[] {
  if (!Array.isArray(servers) || servers.length === 0) throw invalid('servers must name at least one, as host:port');
  return Object.freeze(servers.map(checkedServer));
}

function checkedServer(server: unknown): string {
  const match = typeof server === 'string' ? address.exec(server) : null;
  if (match !== null) return `${match[1]}${match[2] ?? ''}`;
  // Not printed as it is: people write passwords into addresses.
  const shown = String(server).replace(/^(.*:\/\/)?.*@/, '$1…@');
  throw invalid(`servers has ${JSON.stringify(shown)}; write host:port, and who you are as username and password`);
}

function checkedCredentials({ username, password, token }: NatsInboxOptions): ResolvedNatsInboxOptions['credentials'] {
  if ((username === undefined) !== (password === undefined)) throw invalid('username and password go together');
  if (token !== undefined && username !== undefined) throw invalid('token and username exclude each other');
  if (token !== undefined) return Object.freeze({ token });
  return Object.freeze(username === undefined || password === undefined ? {} : { user: username, pass: password });
}

function checkedTls(tls: NatsInboxTls | undefined): ResolvedNatsInboxOptions['tls'] {
  if (tls === undefined) return undefined;
  const { ca, cert, key } = tls;
  if ((cert === undefined) !== (key === undefined)) throw invalid('tls.cert and tls.key go together');
  return Object.freeze({
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  });
}

function checkedBucket(bucket: string): string {
  if (typeof bucket === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(bucket)) return bucket;
  throw invalid(`bucket is ${JSON.stringify(bucket)}; it must be 1 to 64 letters, digits, "-" and "_"`);
}

function invalid(text: string): ServiceError {
  return new ServiceError('InvalidArgument', `natsInbox.${text}`, { executed: 'no' });
}

const day = 86_400_000;
/** A host name, an IPv4 address or a bracketed IPv6 address, and perhaps a port. */
const address = /^(?:nats:\/\/|tls:\/\/)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?\/?$/;
