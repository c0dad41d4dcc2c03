import { defaultMaxMessageBytes, ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import {
  type ConcurrencyOptions,
  type ResolvedConcurrencyOptions,
  resolveConcurrencyOptions,
} from '../overload/concurrency-options.js';
import {
  type IdempotencyOptions,
  type ResolvedIdempotencyOptions,
  resolveIdempotencyOptions,
} from '../overload/idempotency-options.js';
import { type QueueOptions, type ResolvedQueueOptions, resolveQueueOptions } from '../overload/queue-options.js';

/** Options of the default server. */
export interface ServerOptions {
  /**
   * Where to listen, `host:port`; port 0 is any free one. Default `127.0.0.1:0`: nobody beyond this machine, unless told.
   * `0.0.0.0` and `::` want TLS or `insecure: true`: else calls would cross the network unencrypted.
   */
  readonly listen?: string;
  /**
   * What others are told to dial, `host:port` or `host`. Default: the listen address, a wildcard replaced by this
   * machine's first private address.
   */
  readonly advertise?: string;
  /** Listens on every interface without TLS. Default false. */
  readonly insecure?: boolean;
  /** How long a registration outlives a crash. Range 1,000 to 86,400,000 ms, default 15,000; renewed each third of it. */
  readonly ttlMs?: number;
  /** No call may run longer, whatever its caller says. Range 1 to 3,600,000 ms, default 60,000. */
  readonly maxDeadlineMs?: number;
  /** The largest request body. Range 1,024 to 1 GiB, default 4 MiB. */
  readonly maxMessageBytes?: number;
  /**
   * How long an HTTP connection may lie without a call until the server ends it, which it announces. HTTP/1.1 peers are told the
   * time and have a second more, so that they are the ones who leave. Range 1,000 to 3,600,000 ms, default 65,000 over HTTP/1.1 and
   * 300,000 over HTTP/2. Set it below the idle time of a proxy in between. Over tenon/1 the caller alone ends idle connections.
   */
  readonly idleConnectionMs?: number;
  /** How many unary calls run at once: a limit that follows their latency, a fixed number, or `false` for no limit. */
  readonly concurrency?: ConcurrencyOptions | number | false;
  /** How many further unary calls wait for their turn, and for how long. */
  readonly queue?: QueueOptions;
  /** For how long the outcomes of calls with an idempotency key are kept; `false` ignores keys. */
  readonly idempotency?: IdempotencyOptions | false;
}

export interface ResolvedServerOptions {
  readonly host: string;
  readonly port: number;
  readonly insecure: boolean;
  readonly advertise: string | undefined;
  readonly ttlMs: number;
  readonly maxDeadlineMs: number;
  readonly maxMessageBytes: number;
  readonly idleConnectionMs: number;
  /** The same for connections that speak HTTP/2. */
  readonly idleSessionMs: number;
  readonly concurrency: ResolvedConcurrencyOptions;
  readonly queue: ResolvedQueueOptions;
  /** Undefined where keys are ignored. */
  readonly idempotency: ResolvedIdempotencyOptions | undefined;
}

export function resolveServerOptions(options: ServerOptions = {}): ResolvedServerOptions {
  const { host, port } = parseListen(options.listen ?? '127.0.0.1:0');
  return Object.freeze({
    host,
    port,
    insecure: options.insecure ?? false,
    advertise: checkedAdvertise(options.advertise),
    ttlMs: checkedNumber('server.ttlMs', options.ttlMs, { min: 1_000, max: 86_400_000, fallback: 15 * 1_000 }),
    maxDeadlineMs: checkedNumber('server.maxDeadlineMs', options.maxDeadlineMs, {
      min: 1,
      max: 3_600_000,
      fallback: 60 * 1_000,
    }),
    maxMessageBytes: checkedNumber('server.maxMessageBytes', options.maxMessageBytes, {
      min: 1_024,
      max: 1_024 ** 3,
      fallback: defaultMaxMessageBytes,
    }),
    idleConnectionMs: checkedIdle('server.idleConnectionMs', options.idleConnectionMs, 65 * 1_000),
    idleSessionMs: checkedIdle('server.idleConnectionMs', options.idleConnectionMs, 300 * 1_000),
    concurrency: resolveConcurrencyOptions(options.concurrency),
    queue: resolveQueueOptions(options.queue),
    idempotency: resolveIdempotencyOptions(options.idempotency),
  });
}

function checkedIdle(name: string, idleMs: number | undefined, fallback: number): number {
  return checkedNumber(name, idleMs, { min: 1_000, max: 3_600_000, fallback });
}

/**
 * Whoever listens on every interface says how calls are kept from being read there.
 *
 * @throws ServiceError `InvalidArgument` that names the mends.
 */
export function checkExposure({ host, port, insecure }: ResolvedServerOptions, encrypted: boolean): void {
  if (encrypted || insecure || !isWildcard(host)) return;
  const listen = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  throw new ServiceError(
    'InvalidArgument',
    `server.listen is ${listen}: listening on every interface wants TLS (the option tls) or insecure: true; 127.0.0.1 or one private address does not`,
    { executed: 'no' },
  );
}

/** Whether a host means every interface, in any of its spellings: `0.0.0.0`, `0`, `::`, `0:0::0`. */
export function isWildcard(host: string): boolean {
  const spelled = normalizedHost(host);
  return spelled === '' || spelled === '0.0.0.0' || spelled === '[::]' || spelled === '[::ffff:0:0]';
}

/** The one spelling that URLs have for a host: `127.1` is `127.0.0.1`, `0:0::1` is `[::1]`. Others stay as they are. */
export function normalizedHost(host: string): string {
  const url = `http://${host.includes(':') ? `[${host}]` : host}`;
  return URL.canParse(url) ? new URL(url).hostname : host;
}

/** Whoever dials a wildcard calls itself, and nobody answers at port 0. An empty text counts as absent. */
function checkedAdvertise(advertise: string | undefined): string | undefined {
  if (advertise === undefined || advertise === '') return undefined;
  const { host, port = 1 } = splitAddress(advertise);
  if (/^[^\s/@[\]]+$/.test(host) && !isWildcard(host) && port >= 1 && port <= 65_535) return advertise;
  throw new ServiceError(
    'InvalidArgument',
    `server.advertise is ${JSON.stringify(advertise)}; it must be an address that others can dial, host or host:port, such as 10.0.0.7 or [2001:db8::7]:8080`,
    { executed: 'no' },
  );
}

/** Splits `host` or `host:port`; an IPv6 host stands in brackets where a port follows it. */
export function splitAddress(address: string): { readonly host: string; readonly port: number | undefined } {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(address);
  if (match !== null) return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) };
  return { host: address.replace(/^\[(.*)\]$/, '$1'), port: undefined };
}

/** Splits `host:port`; IPv6 hosts stand in brackets. */
function parseListen(listen: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new ServiceError(
      'InvalidArgument',
      `server.listen is ${JSON.stringify(listen)}; it must be host:port, such as 127.0.0.1:0 or [::1]:8080`,
      {
        executed: 'no',
      },
    );
  }
  return { host: match[1] ?? match[2] ?? '', port };
}
