import { ServiceError } from '@tenon/contract';
import { type BackoffOptions, checkedBackoff, checkedNumber } from '@tenon/contract/authoring';

/** How to reach etcd, and how patient to be with it. All fields are optional. */
export interface EtcdOptions {
  /**
   * The members of the etcd cluster, as `host:port`, `http://host:port` or `https://host:port` (all or none of them with
   * TLS). One is used at a time, chosen at random; a call that fails there goes to the next. Default `127.0.0.1:2379`.
   */
  readonly endpoints?: readonly string[] | undefined;
  /** Where the entries stand; ends in `/`. Default `/micro/registry/`, which is go-micro's. */
  readonly prefix?: string | undefined;
  /** For a cluster with authentication. Goes together with `password`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Talks TLS. An empty object trusts the machine's authorities and shows no certificate. */
  readonly tls?: EtcdTls | undefined;
  /**
   * Whether lookups and lists want the majority of the members (`linearizable`: they see every registration that finished before,
   * and fail without a majority), or take what the one member that is asked knows (`serializable`: faster, still answered without a
   * majority, and then maybe stale), as go-micro reads. Watches are not concerned. Default `linearizable`.
   */
  readonly reads?: 'linearizable' | 'serializable' | undefined;
  /** The deadline of each call, in milliseconds, 100 to 60,000. Default 5,000, as in go-micro. */
  readonly callTimeoutMs?: number | undefined;
  /** How long `start` waits for an answer, in milliseconds, 100 to 2,000. Default 1,500. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How often a watch reads its whole set again and a lease its own entry, in milliseconds, 1,000 to 3,600,000; a fifth
   * of it is random. Only mends what etcd never told. Default 60,000.
   */
  readonly relistIntervalMs?: number | undefined;
  /**
   * How long a watch may hear nothing before it counts as broken, in milliseconds, 1,000 to 60,000. Half of it is how
   * often a quiet watch asks for a sign of life. Default 10,000.
   */
  readonly silenceTimeoutMs?: number | undefined;
  /**
   * How long watches keep nodes that are missing after etcd came back with older data (wiped, or restored from a
   * backup), or without most of them (it stood still, and ended their leases), so that living services have time to register
   * again, in milliseconds, 0 to 60,000. Default 10,000.
   */
  readonly restoreGraceMs?: number | undefined;
  /**
   * The waits of registrations between attempts to reach etcd again. Default `{ baseMs: 500, factor: 1.6, maxMs: 4_000,
   * jitter: 0.5 }`: a service is registered again within 5 s of etcd's return, however long that took. Fleets of many
   * thousand processes raise `maxMs` (up to 120,000) and give up that bound.
   */
  readonly backoff?: Partial<BackoffOptions> | undefined;
  /**
   * The same of watches, which have their last set meanwhile and so can wait until the herd has passed. They are also woken
   * by whatever else of this registry reaches etcd first. Default `{ baseMs: 1_200, factor: 1.6, maxMs: 120_000, jitter:
   * 1 / 3 }`: 1 s × 1.6 ± 20 %, as gRPC connects again, but never more than two minutes.
   */
  readonly watchBackoff?: Partial<BackoffOptions> | undefined;
}

/** PEM text, as string or bytes. */
export interface EtcdTls {
  /** The authorities to trust. Default: those of Node.js. */
  readonly ca?: string | Buffer | undefined;
  /** Our certificate, for clusters that ask for one. Goes together with `key`. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
}

/** {@link EtcdOptions} with every default filled in. */
export interface ResolvedEtcdOptions {
  /** Without scheme. */
  readonly endpoints: readonly string[];
  readonly prefix: string;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  readonly tls: EtcdTls | undefined;
  readonly reads: 'linearizable' | 'serializable';
  readonly callTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly relistIntervalMs: number;
  readonly silenceTimeoutMs: number;
  readonly restoreGraceMs: number;
  readonly backoff: BackoffOptions;
  readonly watchBackoff: BackoffOptions;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveEtcdOptions(options: EtcdOptions): ResolvedEtcdOptions {
  const number = (
    name: 'callTimeoutMs' | 'connectTimeoutMs' | RareNumber,
    min: number,
    max: number,
    fallback: number,
  ) => checkedNumber(`etcdRegistry.${name}`, options[name], { min, max, fallback });
  const endpoints = options.endpoints ?? ['127.0.0.1:2379'];
  return Object.freeze({
    endpoints: checkedEndpoints(endpoints, options.tls),
    prefix: checkedPrefix(options.prefix ?? '/micro/registry/'),
    credentials: checkedCredentials(options),
    tls: checkedTls(options.tls ?? (endpoints.some(isSecure) ? {} : undefined)),
    reads: checkedReads(options.reads ?? 'linearizable'),
    callTimeoutMs: number('callTimeoutMs', 100, 60_000, 5_000),
    connectTimeoutMs: number('connectTimeoutMs', 100, 2_000, 1_500),
    relistIntervalMs: number('relistIntervalMs', 1_000, 3_600_000, 60_000),
    silenceTimeoutMs: number('silenceTimeoutMs', 1_000, 60_000, 10_000),
    restoreGraceMs: number('restoreGraceMs', 0, 60_000, 10_000),
    backoff: checkedBackoff('etcdRegistry.backoff', options.backoff, {
      baseMs: 500,
      factor: 1.6,
      maxMs: 4_000,
      jitter: 0.5,
    }),
    watchBackoff: checkedBackoff('etcdRegistry.watchBackoff', options.watchBackoff, {
      baseMs: 1_200,
      factor: 1.6,
      maxMs: 120_000,
      jitter: 1 / 3,
    }),
  });
}

function checkedReads(reads: string): 'linearizable' | 'serializable' {
  if (reads === 'linearizable' || reads === 'serializable') return reads;
  const message = `etcdRegistry.reads is ${JSON.stringify(reads)}; it must be "linearizable" or "serializable"`;
  throw new ServiceError('InvalidArgument', message, { executed: 'no' });
}

type RareNumber = 'relistIntervalMs' | 'silenceTimeoutMs' | 'restoreGraceMs';

function checkedEndpoints(endpoints: readonly string[], tls: EtcdTls | undefined): readonly string[] {
  if (endpoints.length === 0) throw invalid('etcdRegistry.endpoints is empty; it needs at least one host:port');
  for (const endpoint of endpoints) {
    // Endpoints stand in errors and logs, and so does this message: it does not repeat what may be a password.
    if (typeof endpoint === 'string' && endpoint.includes('@')) {
      throw invalid(
        'etcdRegistry.endpoints has a user in an endpoint; etcdRegistry.username and password are their place',
      );
    }
    if (typeof endpoint !== 'string' || !endpointForm.test(endpoint)) {
      throw invalid(
        `etcdRegistry.endpoints has ${JSON.stringify(endpoint)}; it must be host:port, with or without http(s)://`,
      );
    }
  }
  const secure = endpoints.filter(isSecure).length;
  if (secure > 0 && secure < endpoints.length) {
    throw invalid('etcdRegistry.endpoints mixes https:// with others; all or none of them can have TLS');
  }
  if (tls !== undefined && endpoints.some((endpoint) => endpoint.startsWith('http://'))) {
    throw invalid(
      'etcdRegistry.tls is set, but an endpoint begins with http://; write https:// or leave the scheme out',
    );
  }
  return Object.freeze(endpoints.map((endpoint) => endpoint.replace(/^https?:\/\//, '')));
}

function checkedPrefix(prefix: string): string {
  if (prefix.length > 1 && prefix.endsWith('/')) return prefix;
  throw invalid(`etcdRegistry.prefix is ${JSON.stringify(prefix)}; it must be text that ends in "/"`);
}

function checkedCredentials({ username, password }: EtcdOptions): ResolvedEtcdOptions['credentials'] {
  if (username === undefined && password === undefined) return undefined;
  if (username !== undefined && password !== undefined && username !== '') return Object.freeze({ username, password });
  throw invalid('etcdRegistry.username and etcdRegistry.password go together; one of them is missing');
}

function checkedTls(tls: EtcdTls | undefined): EtcdTls | undefined {
  if (tls === undefined) return undefined;
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw invalid('etcdRegistry.tls.cert and etcdRegistry.tls.key go together; one of them is missing');
  }
  return Object.freeze({ ...tls });
}

const endpointForm = /^(https?:\/\/)?[^\s/]+:\d{1,5}$/;

function isSecure(endpoint: string): boolean {
  return endpoint.startsWith('https://');
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}
