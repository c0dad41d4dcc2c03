import { ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** Where NATS is, who we are to it, and how patient we are with it. All fields are optional. */
export interface NatsConnectionOptions {
  /**
   * The members of the cluster, as `host:port`, `nats://host:port` or `tls://host:port`. One is used at a time, chosen at
   * random; where it fails the next is tried. Members that are not listed are not used. Default `127.0.0.1:4222`.
   */
  readonly servers?: readonly string[] | undefined;
  /** For a server with users. Goes together with `password`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** For a server with a token. Excludes `username`. */
  readonly token?: string | undefined;
  /**
   * Insists on TLS. An empty object trusts the machine's authorities and shows no certificate. Default: off, unless a
   * server is written as `tls://…`; a server that offers TLS gets it in any case.
   */
  readonly tls?: NatsTls | undefined;
  /** How long `start` waits, and connecting takes over all servers, in milliseconds, 50 to 2,000. Default 1,500. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How often a quiet connection is tested, in milliseconds, 100 to 120,000; three intervals without an answer end it.
   * Default 10,000.
   */
  readonly pingIntervalMs?: number | undefined;
}

/** PEM text. */
export interface NatsTls {
  /** The authorities to trust. Default: those of Node.js. */
  readonly ca?: string | undefined;
  /** Our certificate, for servers that ask for one. Goes together with `key`. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** {@link NatsConnectionOptions} with every default filled in. */
export interface ResolvedNatsConnection {
  /** Each as `host` or `host:port`. */
  readonly servers: readonly string[];
  readonly credentials: NatsCredentials;
  readonly tls: ResolvedNatsTls | undefined;
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number;
}

/** {@link NatsTls} without what was not given. */
export interface ResolvedNatsTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Who we are to the server: a user, the holder of a token, or nobody. */
export interface NatsCredentials {
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

/**
 * Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range.
 *
 * @param owner - whose options they are, as the user wrote it: `natsBroker`.
 * @param defaultPingIntervalMs - of an owner that must notice sooner than others that nobody answers.
 */
export function resolveNatsConnection(
  owner: string,
  options: NatsConnectionOptions,
  defaultPingIntervalMs = 10_000,
): ResolvedNatsConnection {
  const { connectTimeoutMs, pingIntervalMs } = options;
  const servers = options.servers ?? ['127.0.0.1:4222'];
  return Object.freeze({
    servers: checkedServers(owner, servers),
    credentials: checkedCredentials(owner, options),
    tls: checkedTls(owner, options.tls ?? (servers.some((server) => server.startsWith('tls://')) ? {} : undefined)),
    connectTimeoutMs: checkedNumber(`${owner}.connectTimeoutMs`, connectTimeoutMs, {
      min: 50,
      max: 2_000,
      fallback: 1_500,
    }),
    pingIntervalMs: checkedNumber(`${owner}.pingIntervalMs`, pingIntervalMs, {
      min: 100,
      max: 120_000,
      fallback: defaultPingIntervalMs,
    }),
  });
}

function checkedServers(owner: string, servers: readonly string[]): readonly string[] {
  if (!Array.isArray(servers) || servers.length === 0) {
    throw invalid(owner, 'servers must name at least one server, as host:port');
  }
  return Object.freeze(servers.map((server) => checkedServer(owner, server)));
}

function checkedServer(owner: string, server: unknown): string {
  const match = typeof server === 'string' ? address.exec(server) : null;
  if (match !== null) return `${match[1]}${match[2] ?? ''}`;
  // Not printed as it is: people write passwords into addresses.
  const shown = JSON.stringify(String(server).replace(/^(.*:\/\/)?.*@/, '$1…@'));
  throw invalid(owner, `servers has ${shown}; write host:port, and who you are as username and password`);
}

function checkedCredentials(owner: string, { username, password, token }: NatsConnectionOptions): NatsCredentials {
  if ((username === undefined) !== (password === undefined)) throw invalid(owner, 'username and password go together');
  if (token !== undefined && username !== undefined) throw invalid(owner, 'token and username exclude each other');
  if (token !== undefined) return Object.freeze({ token });
  return Object.freeze(username === undefined || password === undefined ? {} : { user: username, pass: password });
}

function checkedTls(owner: string, tls: NatsTls | undefined): ResolvedNatsTls | undefined {
  if (tls === undefined) return undefined;
  const { ca, cert, key } = tls;
  if ((cert === undefined) !== (key === undefined)) throw invalid(owner, 'tls.cert and tls.key go together');
  return Object.freeze({
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  });
}

function invalid(owner: string, text: string): ServiceError {
  return new ServiceError('InvalidArgument', `${owner}.${text}`, { executed: 'no' });
}

/** A host name, an IPv4 address or a bracketed IPv6 address, and perhaps a port. */
const address = /^(?:nats:\/\/|tls:\/\/)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?\/?$/;
