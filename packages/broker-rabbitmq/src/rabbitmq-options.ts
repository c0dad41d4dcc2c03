import { type DeliveryLevel, ServiceError } from '@tenon/contract';
import { type BackoffOptions, checkedNumber } from '@tenon/contract/authoring';

/** How to reach RabbitMQ, and how much to hold for it. All fields are optional. */
export interface RabbitmqOptions {
  /**
   * The members of the cluster, as `host:port`, `amqp://host:port` or `amqps://host:port`. One is used at a time, chosen at
   * random; where it fails the next is tried. Default `127.0.0.1:5672`.
   */
  readonly servers?: readonly string[] | undefined;
  /** Goes together with `password`. Default `guest`, whom RabbitMQ lets in from its own machine only. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Default `/`. */
  readonly vhost?: string | undefined;
  /**
   * Insists on TLS. An empty object trusts the machine's authorities and shows no certificate. Default: off, unless a
   * server is written as `amqps://…`.
   */
  readonly tls?: RabbitmqTls | undefined;
  /** The level where none is asked for. Default `atMostOnce`, as go-micro's. */
  readonly delivery?: DeliveryLevel | undefined;
  /** The topic exchange of what is published at most once. Default `micro`, which is go-micro's. */
  readonly exchange?: string | undefined;
  /** Whether `exchange` outlives the server, as go-micro's option `DurableExchange`. All who declare it must agree. Default false. */
  readonly exchangeIsDurable?: boolean | undefined;
  /** The durable topic exchange of what is published at least once, and the first part of its queues' names. Default `tenon`. */
  readonly durableExchange?: string | undefined;
  /**
   * How the queue of several subscribers is named at most once. `topic`: one for each queue and topic. `go-micro`: the queue's name as it
   * is, so that members in Go and members here share its messages; then one queue name must not be used for two topics, as in go-micro.
   * Default `topic`.
   */
  readonly queueNaming?: 'topic' | 'go-micro' | undefined;
  /** What the server's connection list shows, 1 to 128 characters. Default `tenon`. */
  readonly name?: string | undefined;
  /** How long `start` waits for a server, in milliseconds, 50 to 2,000. Default 1,500. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How often each side of a quiet connection gives a sign of life, in milliseconds, 1,000 to 60,000, in whole seconds on the wire
   * (rounded up). Two that are missed end it, here and at the server, which then hands messages that were not acknowledged to others.
   * Default 10,000.
   */
  readonly heartbeatMs?: number | undefined;
  /**
   * How much may wait to be published or confirmed, in bytes, 1 to 1 GiB, for each level; each message counts for its size and
   * 256 bytes. Beyond it publishing rejects with `ResourceExhausted`. Default 16 MiB.
   */
  readonly maxPendingBytes?: number | undefined;
  /**
   * How long a message may wait to be published or confirmed, in milliseconds, 1 to `Infinity`; then publishing rejects with
   * `Unavailable`. Default 10,000, which is the default deadline of a call.
   */
  readonly maxPendingMs?: number | undefined;
  /**
   * The largest body, in bytes, 1 to 128 MiB; publishing a larger one rejects with `ResourceExhausted`. RabbitMQ does not tell its own
   * limit (`max_message_size`) and closes the channel over it: do not set this higher than that. Default 16 MiB, which is RabbitMQ 4's.
   */
  readonly maxMessageBytes?: number | undefined;
  /**
   * At most once: how many received messages of one subscription may wait for a handler, 1 to 1,048,576. Further ones are dropped,
   * counted and logged. Default 65,536.
   */
  readonly maxWaitingMessages?: number | undefined;
  /**
   * At most once: how many bytes of received messages one subscription may hold, waiting and in hand, 1 to 4 GiB. Further messages
   * are dropped like those over `maxWaitingMessages`. Default 64 MiB.
   */
  readonly maxWaitingBytes?: number | undefined;
  /**
   * The waits between attempts to reach a server again; there is always a next one. Default
   * `{ baseMs: 100, factor: 2, maxMs: 1_000, jitter: 1 }`.
   */
  readonly reconnect?: Partial<BackoffOptions> | undefined;
  /**
   * How long publishing at most once stays held after a reconnect, in milliseconds, 0 to 60,000: RabbitMQ keeps nothing for a
   * subscriber that is not back yet. Default 500 more than `reconnect.maxMs`: with the same settings everyone has dialled by then.
   */
  readonly rejoinMs?: number | undefined;
}

/** PEM text. */
export interface RabbitmqTls {
  /** The authorities to trust. Default: those of Node.js. */
  readonly ca?: string | undefined;
  /** Our certificate, for servers that ask for one. Goes together with `key`. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** {@link RabbitmqOptions} with every default filled in. */
export interface ResolvedRabbitmqOptions {
  readonly servers: readonly RabbitmqServerAddress[];
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
  readonly tls: ResolvedRabbitmqTls | undefined;
  readonly delivery: DeliveryLevel;
  readonly exchange: string;
  readonly exchangeIsDurable: boolean;
  readonly durableExchange: string;
  readonly queueNaming: 'topic' | 'go-micro';
  readonly name: string;
  readonly connectTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly maxPendingBytes: number;
  readonly maxPendingMs: number;
  readonly maxMessageBytes: number;
  readonly maxWaitingMessages: number;
  readonly maxWaitingBytes: number;
  readonly reconnect: BackoffOptions;
  readonly rejoinMs: number;
}

/** One member of the cluster. */
export interface RabbitmqServerAddress {
  readonly host: string;
  /** Undefined: the protocol's own, 5672 or, with TLS, 5671. */
  readonly port: number | undefined;
}

/** {@link RabbitmqTls} without what was not given. */
export interface ResolvedRabbitmqTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveRabbitmqOptions(options: RabbitmqOptions = {}): ResolvedRabbitmqOptions {
  const number = (name: NumberOption, min: number, max: number, fallback: number): number =>
    checkedNumber(`rabbitmqBroker.${name}`, options[name], { min, max, fallback });
  const { servers = ['127.0.0.1:5672'], username, password } = options;
  if ((username === undefined) !== (password === undefined)) throw invalid('username and password go together');
  const reconnect = resolveReconnect(options.reconnect ?? {});
  const exchange = checkedExchange('exchange', options.exchange ?? 'micro');
  const durableExchange = checkedExchange('durableExchange', options.durableExchange ?? 'tenon');
  if (exchange === durableExchange) throw invalid('exchange and durableExchange must be two');
  return Object.freeze({
    servers: checkedServers(servers),
    username: username ?? 'guest',
    password: password ?? 'guest',
    vhost: checkedText('vhost', options.vhost ?? '/', 255),
    tls: checkedTls(options.tls ?? (servers.some((server) => /^amqps:/.test(server)) ? {} : undefined)),
    delivery: oneOf<DeliveryLevel>('delivery', options.delivery ?? 'atMostOnce', ['atMostOnce', 'atLeastOnce']),
    exchange,
    exchangeIsDurable: oneOf('exchangeIsDurable', options.exchangeIsDurable ?? false, [true, false]),
    durableExchange,
    queueNaming: oneOf<'topic' | 'go-micro'>('queueNaming', options.queueNaming ?? 'topic', ['topic', 'go-micro']),
    name: checkedText('name', options.name ?? 'tenon', 128),
    connectTimeoutMs: number('connectTimeoutMs', 50, 2_000, 1_500),
    heartbeatMs: number('heartbeatMs', 1_000, 60_000, 10_000),
    maxPendingBytes: number('maxPendingBytes', 1, 1_024 ** 3, 16 * 1_024 ** 2),
    maxPendingMs: number('maxPendingMs', 1, Number.POSITIVE_INFINITY, 10_000),
    maxMessageBytes: number('maxMessageBytes', 1, 128 * 1_024 ** 2, 16 * 1_024 ** 2),
    maxWaitingMessages: number('maxWaitingMessages', 1, 1_024 ** 2, 65_536),
    maxWaitingBytes: number('maxWaitingBytes', 1, 4 * 1_024 ** 3, 64 * 1_024 ** 2),
    reconnect,
    rejoinMs: number('rejoinMs', 0, 60_000, Math.min(reconnect.maxMs + 500, 60_000)),
  });
}

type NumberOption = {
  [K in keyof RabbitmqOptions]-?: RabbitmqOptions[K] extends number | undefined ? K : never;
}[keyof RabbitmqOptions];

function resolveReconnect(given: Partial<BackoffOptions>): BackoffOptions {
  const number = (name: keyof BackoffOptions, min: number, max: number, fallback: number, integer: boolean): number =>
    checkedNumber(`rabbitmqBroker.reconnect.${name}`, given[name], { min, max, fallback, integer });
  return Object.freeze({
    baseMs: number('baseMs', 1, 60_000, 100, true),
    factor: number('factor', 1, 10, 2, false),
    maxMs: number('maxMs', 1, 60_000, 1_000, true),
    jitter: number('jitter', 0, 1, 1, false),
  });
}

function checkedServers(servers: readonly string[]): readonly RabbitmqServerAddress[] {
  if (!Array.isArray(servers) || servers.length === 0) {
    throw invalid('servers must name at least one server, as host:port');
  }
  return Object.freeze(servers.map(checkedServer));
}

function checkedServer(server: unknown): RabbitmqServerAddress {
  const match = typeof server === 'string' ? address.exec(server) : null;
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  if (match === null || (port !== undefined && !(port >= 1 && port <= 65_535))) {
    // Not printed as it is: people write passwords into addresses.
    const shown = String(server).replace(/^(.*:\/\/)?.*@/, '$1…@');
    throw invalid(
      `servers has ${JSON.stringify(shown)}; write host:port, and the rest as username, password and vhost`,
    );
  }
  return Object.freeze({ host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port });
}

function checkedTls(tls: RabbitmqTls | undefined): ResolvedRabbitmqTls | undefined {
  if (tls === undefined) return undefined;
  if ((tls.cert === undefined) !== (tls.key === undefined)) throw invalid('tls.cert and tls.key go together');
  const { ca, cert, key } = tls;
  return Object.freeze({
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  });
}

function oneOf<T>(name: string, value: T, known: readonly T[]): T {
  if (known.includes(value)) return value;
  const shown = known.map((one) => JSON.stringify(one)).join(' or ');
  throw invalid(`${name} is ${JSON.stringify(value)}; it must be ${shown}`);
}

function checkedExchange(name: string, value: string): string {
  if (typeof value === 'string' && exchangeForm.test(value) && !value.startsWith('amq.')) return value;
  throw invalid(
    `${name} is ${JSON.stringify(value)}; it must be 1 to 64 letters, digits, "-", "_" and ".", and not begin with "amq."`,
  );
}

function checkedText(name: string, value: string, max: number): string {
  if (typeof value === 'string' && value.length >= 1 && value.length <= max) return value;
  throw invalid(`${name} must have 1 to ${max} characters`);
}

function invalid(text: string): ServiceError {
  return new ServiceError('InvalidArgument', `rabbitmqBroker.${text}`, { executed: 'no' });
}

const exchangeForm = /^[\w.-]{1,64}$/;
/** A host name, an IPv4 address or a bracketed IPv6 address, and perhaps a port. */
const address = /^(?:amqps?:\/\/)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?\/?$/;
