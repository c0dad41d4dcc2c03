import { type DeliveryLevel, ServiceError } from '@tenon/contract';
import { type BackoffOptions, checkedNumber } from '@tenon/contract/authoring';
import {
  type JetStreamOptions,
  type ResolvedJetStreamOptions,
  resolveJetStreamOptions,
} from './jetstream/jetstream-options.js';

/** The form of a message on its subject: Tenon's binary one, or the JSON that go-micro services read and write. */
export type NatsEnvelope = 'tenon' | 'go-micro';

/** How to reach NATS, and how much to hold for it. All fields are optional. */
export interface NatsOptions {
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
  /** Both sides must use the same. Default `tenon`. */
  readonly envelope?: NatsEnvelope | undefined;
  /** The level of delivery where none is asked for. Default `atMostOnce`. */
  readonly delivery?: DeliveryLevel | undefined;
  /**
   * How JetStream keeps what is to be delivered at least once: streams that are not there are made as this says. It wants a server
   * with JetStream on (`nats-server -js`), and is not touched until something asks for at least once. `false` takes the level away.
   * Default `{}`.
   */
  readonly jetStream?: JetStreamOptions | false | undefined;
  /** What the server's connection list shows, 1 to 128 characters. Default `tenon`. */
  readonly name?: string | undefined;
  /** How long `start` waits for a server, in milliseconds, 50 to 2,000. Default 1,500. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How often a quiet connection is tested, in milliseconds, 100 to 120,000; three intervals without an answer end it.
   * Default 10,000.
   */
  readonly pingIntervalMs?: number | undefined;
  /**
   * How much may wait to be published while the server is away or slow, in bytes, 1 to 1 GiB; each message counts for
   * its size and 256 bytes. Beyond it publishing rejects with `ResourceExhausted`. Default 16 MiB.
   */
  readonly maxPendingBytes?: number | undefined;
  /**
   * How long a message may wait to be published, in milliseconds, 1 to `Infinity`; then publishing rejects with
   * `Unavailable`. Default 10,000, which is the default deadline of a call.
   */
  readonly maxPendingMs?: number | undefined;
  /**
   * How many received messages of one subscription may wait for a handler, 1 to 1,048,576. Further ones are dropped,
   * counted and logged. Default 65,536.
   */
  readonly maxWaitingMessages?: number | undefined;
  /**
   * How many bytes of received messages one subscription may hold, waiting and in hand, 1 to 4 GiB. Further messages
   * are dropped like those over `maxWaitingMessages`. Default 64 MiB, as in NATS's Go client.
   */
  readonly maxWaitingBytes?: number | undefined;
  /**
   * The waits between attempts to reach a server again; there is always a next one. Default
   * `{ baseMs: 100, factor: 2, maxMs: 1_000, jitter: 1 }`.
   */
  readonly reconnect?: Partial<BackoffOptions> | undefined;
  /**
   * How long publishing stays held after a reconnect, in milliseconds, 0 to 60,000: NATS keeps nothing for a subscriber
   * that is not back yet. Default 500 more than `reconnect.maxMs`: with the same settings everyone has dialled by then.
   */
  readonly rejoinMs?: number | undefined;
}

/** PEM text. */
export interface NatsTls {
  /** The authorities to trust. Default: those of Node.js. */
  readonly ca?: string | undefined;
  /** Our certificate, for servers that ask for one. Goes together with `key`. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** {@link NatsOptions} with every default filled in. */
export interface ResolvedNatsOptions {
  /** Each as `host` or `host:port`. */
  readonly servers: readonly string[];
  readonly credentials: NatsCredentials;
  readonly tls: ResolvedNatsTls | undefined;
  readonly envelope: NatsEnvelope;
  readonly delivery: DeliveryLevel;
  readonly jetStream: ResolvedJetStreamOptions | undefined;
  readonly name: string;
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly maxPendingBytes: number;
  readonly maxPendingMs: number;
  readonly maxWaitingMessages: number;
  readonly maxWaitingBytes: number;
  readonly reconnect: BackoffOptions;
  readonly rejoinMs: number;
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

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveNatsOptions(options: NatsOptions = {}): ResolvedNatsOptions {
  const number = (name: NumberOption, min: number, max: number, fallback: number): number =>
    checkedNumber(`natsBroker.${name}`, options[name], { min, max, fallback });
  const servers = options.servers ?? ['127.0.0.1:4222'];
  const reconnect = resolveReconnect(options.reconnect ?? {});
  return Object.freeze({
    servers: checkedServers(servers),
    credentials: checkedCredentials(options),
    tls: checkedTls(options.tls ?? (servers.some((server) => server.startsWith('tls://')) ? {} : undefined)),
    envelope: checkedEnvelope(options.envelope ?? 'tenon'),
    delivery: checkedDelivery(options),
    jetStream: resolvedJetStream(options.jetStream ?? {}),
    name: checkedName(options.name ?? 'tenon'),
    connectTimeoutMs: number('connectTimeoutMs', 50, 2_000, 1_500),
    pingIntervalMs: number('pingIntervalMs', 100, 120_000, 10_000),
    maxPendingBytes: number('maxPendingBytes', 1, 1_024 ** 3, 16 * 1_024 ** 2),
    maxPendingMs: number('maxPendingMs', 1, Number.POSITIVE_INFINITY, 10_000),
    maxWaitingMessages: number('maxWaitingMessages', 1, 1_024 ** 2, 65_536),
    maxWaitingBytes: number('maxWaitingBytes', 1, 4 * 1_024 ** 3, 64 * 1_024 ** 2),
    reconnect,
    rejoinMs: number('rejoinMs', 0, 60_000, Math.min(reconnect.maxMs + 500, 60_000)),
  });
}

type NumberOption = {
  [K in keyof NatsOptions]-?: NatsOptions[K] extends number | undefined ? K : never;
}[keyof NatsOptions];

function checkedDelivery({ delivery = 'atMostOnce', jetStream }: NatsOptions): DeliveryLevel {
  if (delivery !== 'atMostOnce' && delivery !== 'atLeastOnce')
    throw invalid(`delivery is ${JSON.stringify(delivery)}; it must be "atMostOnce" or "atLeastOnce"`);
  if (delivery === 'atLeastOnce' && jetStream === false) throw invalid('delivery "atLeastOnce" needs jetStream');
  return delivery;
}

function resolvedJetStream(given: JetStreamOptions | false): ResolvedJetStreamOptions | undefined {
  if (given === false) return undefined;
  if (typeof given === 'object' && given !== null) return resolveJetStreamOptions(given);
  throw invalid(`jetStream is ${JSON.stringify(given)}; it must be false or an object of options`);
}

function resolveReconnect(given: Partial<BackoffOptions>): BackoffOptions {
  const number = (name: keyof BackoffOptions, min: number, max: number, fallback: number, integer: boolean): number =>
    checkedNumber(`natsBroker.reconnect.${name}`, given[name], { min, max, fallback, integer });
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

function checkedCredentials({ username, password, token }: NatsOptions): NatsCredentials {
  if ((username === undefined) !== (password === undefined)) throw invalid('username and password go together');
  if (token !== undefined && username !== undefined) throw invalid('token and username exclude each other');
  if (token !== undefined) return Object.freeze({ token });
  return Object.freeze(username === undefined || password === undefined ? {} : { user: username, pass: password });
}

function checkedTls(tls: NatsTls | undefined): ResolvedNatsTls | undefined {
  if (tls === undefined) return undefined;
  if ((tls.cert === undefined) !== (tls.key === undefined)) throw invalid('tls.cert and tls.key go together');
  const { ca, cert, key } = tls;
  return Object.freeze({
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  });
}

function checkedEnvelope(envelope: NatsEnvelope): NatsEnvelope {
  if (envelope === 'tenon' || envelope === 'go-micro') return envelope;
  throw invalid(`envelope is ${JSON.stringify(envelope)}; it must be "tenon" or "go-micro"`);
}

function checkedName(name: string): string {
  if (typeof name === 'string' && name.length >= 1 && name.length <= 128) return name;
  throw invalid('name must have 1 to 128 characters');
}

function invalid(text: string): ServiceError {
  return new ServiceError('InvalidArgument', `natsBroker.${text}`, { executed: 'no' });
}

/** A host name, an IPv4 address or a bracketed IPv6 address, and perhaps a port. */
const address = /^(?:nats:\/\/|tls:\/\/)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?\/?$/;
