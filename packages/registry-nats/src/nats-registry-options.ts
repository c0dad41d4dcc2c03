import { ServiceError } from '@tenon/contract';
import { type BackoffOptions, checkedBackoff, checkedNumber } from '@tenon/contract/authoring';

/** How to reach NATS, and how long to listen. All fields are optional. */
export interface NatsRegistryOptions {
  /**
   * The members of the cluster, as `host:port`, `nats://host:port` or `tls://host:port`. One is used at a time, in random order; where
   * it fails the next is tried. Members that are not listed are not used. Default `127.0.0.1:4222`.
   */
  readonly servers?: readonly string[] | undefined;
  /** For a server with users. Goes together with `password`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** For a server with a token. Excludes `username`. */
  readonly token?: string | undefined;
  /** Insists on TLS. Default: off, unless a server is written as `tls://…`; a server that offers TLS gets it in any case. */
  readonly tls?: NatsRegistryTls | undefined;
  /** The subject on which nodes are asked for. Default `micro.nats.query`, which is go-micro's. */
  readonly querySubject?: string | undefined;
  /** The subject on which nodes tell of themselves. Default `micro.nats.watch`, which is go-micro's. */
  readonly watchSubject?: string | undefined;
  /** How long a question waits for answers, in milliseconds, 10 to 10,000. Default 100, as in go-micro. */
  readonly queryWaitMs?: number | undefined;
  /**
   * How long a node counts that does not say how long, as those of go-micro, after it was last heard of, in milliseconds, 1,000 to
   * 3,600,000. Default 90,000: go-micro tells of itself each 30 s.
   */
  readonly foreignTtlMs?: number | undefined;
  /** How long `start` and each attempt to connect wait, in milliseconds, 50 to 2,000. Default 1,500. */
  readonly connectTimeoutMs?: number | undefined;
  /** How often a quiet connection is tested, in milliseconds, 100 to 120,000; two without an answer end it. Default 5,000. */
  readonly pingIntervalMs?: number | undefined;
  /** The waits between attempts to connect again. Default `{ baseMs: 500, factor: 1.6, maxMs: 4_000, jitter: 0.5 }`. */
  readonly backoff?: Partial<BackoffOptions> | undefined;
}

/** PEM text. */
export interface NatsRegistryTls {
  /** The authorities to trust. Default: those of Node.js. */
  readonly ca?: string | undefined;
  /** Our certificate, for servers that ask for one. Goes together with `key`. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** {@link NatsRegistryOptions} with every default filled in. */
export interface ResolvedNatsRegistryOptions {
  /** Each as `host` or `host:port`. */
  readonly servers: readonly string[];
  readonly credentials: { readonly user?: string; readonly pass?: string; readonly token?: string };
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
  readonly querySubject: string;
  readonly watchSubject: string;
  readonly queryWaitMs: number;
  readonly foreignTtlMs: number;
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly backoff: BackoffOptions;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveNatsRegistryOptions(options: NatsRegistryOptions = {}): ResolvedNatsRegistryOptions {
  const number = (name: NumberOption, min: number, max: number, fallback: number): number =>
    checkedNumber(`natsRegistry.${name}`, options[name], { min, max, fallback });
  const servers = options.servers ?? ['127.0.0.1:4222'];
  return Object.freeze({
    servers: checkedServers(servers),
    credentials: checkedCredentials(options),
    tls: checkedTls(options.tls ?? (servers.some((server) => server.startsWith('tls://')) ? {} : undefined)),
    querySubject: checkedSubject('querySubject', options.querySubject ?? 'micro.nats.query'),
    watchSubject: checkedSubject('watchSubject', options.watchSubject ?? 'micro.nats.watch'),
    queryWaitMs: number('queryWaitMs', 10, 10_000, 100),
    foreignTtlMs: number('foreignTtlMs', 1_000, 3_600_000, 90_000),
    connectTimeoutMs: number('connectTimeoutMs', 50, 2_000, 1_500),
    pingIntervalMs: number('pingIntervalMs', 100, 120_000, 5_000),
    backoff: checkedBackoff('natsRegistry.backoff', options.backoff, {
      baseMs: 500,
      factor: 1.6,
      maxMs: 4_000,
      jitter: 0.5,
    }),
  });
}

type NumberOption = {
  [K in keyof NatsRegistryOptions]-?: NatsRegistryOptions[K] extends number | undefined ? K : never;
}[keyof NatsRegistryOptions];

function checkedServers(servers: readonly string[]): readonly string[] {
  if (!Array.isArray(servers) || servers.length === 0) throw invalid('servers must name at least one server');
  return Object.freeze(servers.map(checkedServer));
}

function checkedServer(server: unknown): string {
  const match = typeof server === 'string' ? address.exec(server) : null;
  if (match !== null) return `${match[1]}${match[2] ?? ''}`;
  // Not printed as it is: people write passwords into addresses.
  const shown = String(server).replace(/^(.*:\/\/)?.*@/, '$1…@');
  throw invalid(`servers has ${JSON.stringify(shown)}; write host:port, and who you are as username and password`);
}

function checkedCredentials(options: NatsRegistryOptions): ResolvedNatsRegistryOptions['credentials'] {
  const { username, password, token } = options;
  if ((username === undefined) !== (password === undefined)) throw invalid('username and password go together');
  if (token !== undefined && username !== undefined) throw invalid('token and username exclude each other');
  if (token !== undefined) return Object.freeze({ token });
  return Object.freeze(username === undefined || password === undefined ? {} : { user: username, pass: password });
}

function checkedTls(tls: NatsRegistryTls | undefined): ResolvedNatsRegistryOptions['tls'] {
  if (tls === undefined) return undefined;
  const { ca, cert, key } = tls;
  if ((cert === undefined) !== (key === undefined)) throw invalid('tls.cert and tls.key go together');
  return Object.freeze({
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  });
}

function checkedSubject(option: string, subject: string): string {
  if (typeof subject === 'string' && /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(subject)) return subject;
  throw invalid(`${option} is ${JSON.stringify(subject)}; it must be a subject without wildcards`);
}

function invalid(text: string): ServiceError {
  return new ServiceError('InvalidArgument', `natsRegistry.${text}`, { executed: 'no' });
}

/** A host name, an IPv4 address or a bracketed IPv6 address, and perhaps a port. */
const address = /^(?:nats:\/\/|tls:\/\/)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?\/?$/;
