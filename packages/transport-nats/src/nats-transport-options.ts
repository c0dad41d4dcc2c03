import { ServiceError } from '@tenon/contract';
import { type BackoffOptions, checkedNumber } from '@tenon/contract/authoring';

/** How to reach NATS, under which subjects, and how patiently. All fields are optional. */
export interface NatsTransportOptions {
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
  readonly tls?: NatsTransportTls | undefined;
  /** What the server's connection list shows, 1 to 128 characters. Default `tenon`. */
  readonly name?: string | undefined;
  /** Nodes listen on `PREFIX.node.INSTANCE`. Only this side's nodes: others say where they listen. Default `tenon`. */
  readonly subjectPrefix?: string | undefined;
  /** Answers come to `PREFIX.ID.…`, for users whose permissions name another than the default `_INBOX`. */
  readonly inboxPrefix?: string | undefined;
  /**
   * Whether strangers may call: queue groups on `service.endpoint`, and `$SRV` answers, as NATS's service protocol has them. Default
   * true.
   */
  readonly micro?: boolean | undefined;
  /** The queue group in which strangers' calls are shared between nodes. Default `q`, as in NATS's own libraries. */
  readonly queueGroup?: string | undefined;
  /** How long `start`, and dialling a node, wait, in milliseconds, 50 to 2,000. Default 1,500. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How often a quiet connection with the server is tested, in milliseconds, 100 to 120,000; three intervals without an answer end
   * it. Default 10,000.
   */
  readonly pingIntervalMs?: number | undefined;
  /**
   * How often a node that works on a call of ours is asked for a sign of life, in milliseconds, 50 to 60,000. One that has gone is
   * noticed at the next question, one that is silent after three, and a caller that is silent after four. Default 5,000.
   */
  readonly signIntervalMs?: number | undefined;
  /**
   * The waits between attempts to reach a server again; there is always a next one. Default
   * `{ baseMs: 100, factor: 2, maxMs: 1_000, jitter: 1 }`.
   */
  readonly reconnect?: Partial<BackoffOptions> | undefined;
}

/** PEM text. */
export interface NatsTransportTls {
  /** The authorities to trust. Default: those of Node.js. */
  readonly ca?: string | undefined;
  /** Our certificate, for servers that ask for one. Goes together with `key`. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** {@link NatsTransportOptions} with every default filled in. */
export interface ResolvedNatsTransportOptions {
  /** Each as `host` or `host:port`. */
  readonly servers: readonly string[];
  readonly credentials: NatsCredentials;
  readonly tls: ResolvedNatsTransportTls | undefined;
  readonly name: string;
  readonly subjectPrefix: string;
  readonly inboxPrefix: string;
  readonly micro: boolean;
  readonly queueGroup: string;
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly signIntervalMs: number;
  readonly reconnect: BackoffOptions;
}

/** {@link NatsTransportTls} without what was not given. */
export interface ResolvedNatsTransportTls {
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

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveNatsTransportOptions(options: NatsTransportOptions = {}): ResolvedNatsTransportOptions {
  const number = (name: NumberOption, min: number, max: number, fallback: number): number =>
    checkedNumber(`natsTransport.${name}`, options[name], { min, max, fallback });
  const servers = options.servers ?? ['127.0.0.1:4222'];
  return Object.freeze({
    servers: checkedServers(servers),
    credentials: checkedCredentials(options),
    tls: checkedTls(options.tls ?? (servers.some((server) => server.startsWith('tls://')) ? {} : undefined)),
    name: checkedName(options.name ?? 'tenon'),
    subjectPrefix: checkedSubject('subjectPrefix', options.subjectPrefix ?? 'tenon'),
    inboxPrefix: checkedSubject('inboxPrefix', options.inboxPrefix ?? '_INBOX'),
    micro: checkedSwitch('micro', options.micro ?? true),
    queueGroup: checkedSubject('queueGroup', options.queueGroup ?? 'q'),
    connectTimeoutMs: number('connectTimeoutMs', 50, 2_000, 1_500),
    pingIntervalMs: number('pingIntervalMs', 100, 120_000, 10_000),
    signIntervalMs: number('signIntervalMs', 50, 60_000, 5_000),
    reconnect: resolveReconnect(options.reconnect ?? {}),
  });
}

type NumberOption = {
  [K in keyof NatsTransportOptions]-?: NatsTransportOptions[K] extends number | undefined ? K : never;
}[keyof NatsTransportOptions];

function resolveReconnect(given: Partial<BackoffOptions>): BackoffOptions {
  const number = (name: keyof BackoffOptions, min: number, max: number, fallback: number, integer: boolean): number =>
    checkedNumber(`natsTransport.reconnect.${name}`, given[name], { min, max, fallback, integer });
  return Object.freeze({
    baseMs: number('baseMs', 1, 60_000, 100, true),
    factor: number('factor', 1, 10, 2, false),
    maxMs: number('maxMs', 1, 60_000, 1_000, true),
    jitter: number('jitter', 0, 1, 1, false),
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
  if (match === null) {
    // Not printed as it is: people write passwords into addresses.
    const shown = String(server).replace(/^(.*:\/\/)?.*@/, '$1…@');
    throw invalid(`servers has ${JSON.stringify(shown)}; write host:port, and who you are as username and password`);
  }
  return `${match[1]}${match[2] ?? ''}`;
}

function checkedCredentials({ username, password, token }: NatsTransportOptions): NatsCredentials {
  if ((username === undefined) !== (password === undefined)) throw invalid('username and password go together');
  if (token !== undefined && username !== undefined) throw invalid('token and username exclude each other');
  if (token !== undefined) return Object.freeze({ token });
  return Object.freeze(username === undefined || password === undefined ? {} : { user: username, pass: password });
}

function checkedTls(tls: NatsTransportTls | undefined): ResolvedNatsTransportTls | undefined {
  if (tls === undefined) return undefined;
  if ((tls.cert === undefined) !== (tls.key === undefined)) throw invalid('tls.cert and tls.key go together');
  const { ca, cert, key } = tls;
  return Object.freeze({
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  });
}

function checkedName(name: string): string {
  if (typeof name === 'string' && name.length >= 1 && name.length <= 128) return name;
  throw invalid('name must have 1 to 128 characters');
}

function checkedSubject(option: string, subject: string): string {
  if (typeof subject === 'string' && /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(subject)) return subject;
  throw invalid(`${option} is ${JSON.stringify(subject)}; it must be a subject without wildcards`);
}

function checkedSwitch(option: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value;
  throw invalid(`${option} is ${JSON.stringify(value)}; it must be true or false`);
}

function invalid(text: string): ServiceError {
  return new ServiceError('InvalidArgument', `natsTransport.${text}`, { executed: 'no' });
}

/** A host name, an IPv4 address or a bracketed IPv6 address, and perhaps a port. */
const address = /^(?:nats:\/\/|tls:\/\/)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?\/?$/;
