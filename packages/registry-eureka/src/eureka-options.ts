import { ServiceError } from '@tenon/contract';
import { type BackoffOptions, checkedBackoff, checkedNumber } from '@tenon/contract/authoring';

/** How to reach Eureka, and how patient to be with it. All fields are optional. */
export interface EurekaOptions {
  /**
   * The servers by zone, each with the path of its REST API: `{ 'eu-1a': ['http://eureka-1:8761/eureka'] }`. Those of our own
   * zone are asked first, in an order of chance; the others where none of them answers. Default one zone with
   * `http://127.0.0.1:8761/eureka`.
   */
  readonly zones?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Our own zone. Registrations carry it as metadata `zone`, which Spring's clients prefer theirs by. Default: the first of `zones`. */
  readonly zone?: string | undefined;
  /** Basic authentication at every server. Goes together with `password`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Talks TLS with servers at `https:`. An empty object trusts the machine's authorities and shows no certificate. */
  readonly tls?: EurekaTls | undefined;
  /**
   * How often changes are fetched while somebody watches, in milliseconds, 100 to 600,000; a tenth of it is random. The server answers
   * from a cache of its own, 30 s old at most unless it is told otherwise. Default 5,000.
   */
  readonly fetchIntervalMs?: number | undefined;
  /** The deadline of each call at one server, in milliseconds, 100 to 60,000. Default 5,000. */
  readonly callTimeoutMs?: number | undefined;
  /** How long `start` waits for an answer, in milliseconds, 100 to 2,000. Default 1,500. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long a server that did not answer is asked last, in milliseconds, 0 to 600,000. Default 30,000. */
  readonly avoidMs?: number | undefined;
  /**
   * How long watches keep nodes that are missing after an outage or at another server, which begins empty and hears of living
   * services within their heartbeats, in milliseconds, 0 to 600,000. Default 60,000.
   */
  readonly restoreGraceMs?: number | undefined;
  /** An answer that is larger is refused, in bytes, 65,536 to 1 GiB. Default 64 MiB. */
  readonly maxAnswerBytes?: number | undefined;
  /** The waits of registrations between attempts to reach Eureka again. Default `{ baseMs: 500, factor: 1.6, maxMs: 4_000, jitter: 0.5 }`. */
  readonly backoff?: Partial<BackoffOptions> | undefined;
  /**
   * The same of watches, which have their last set meanwhile. They are also woken by whatever else of this registry reaches a server
   * first. Default `{ baseMs: 1_200, factor: 1.6, maxMs: 120_000, jitter: 1 / 3 }`.
   */
  readonly watchBackoff?: Partial<BackoffOptions> | undefined;
}

/** PEM text, as string or bytes. */
export interface EurekaTls {
  /** The authorities to trust. Default: those of Node.js. */
  readonly ca?: string | Buffer | undefined;
  /** Our certificate, for servers that ask for one. Goes together with `key`. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
}

/** {@link EurekaOptions} with every default filled in. */
export interface ResolvedEurekaOptions {
  /** Our own zone first; without a slash at their ends. */
  readonly zones: readonly (readonly string[])[];
  readonly zone: string;
  /** What each request carries. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: EurekaTls;
  readonly fetchIntervalMs: number;
  readonly callTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly avoidMs: number;
  readonly restoreGraceMs: number;
  readonly maxAnswerBytes: number;
  readonly backoff: BackoffOptions;
  readonly watchBackoff: BackoffOptions;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveEurekaOptions(options: EurekaOptions): ResolvedEurekaOptions {
  const number = (name: NumberOption, min: number, max: number, fallback: number) =>
    checkedNumber(`eurekaRegistry.${name}`, options[name], { min, max, fallback });
  const zones = options.zones ?? { default: ['http://127.0.0.1:8761/eureka'] };
  const zone = checkedZone(options.zone, Object.keys(zones));
  return Object.freeze({
    zones: Object.freeze(
      [zone, ...Object.keys(zones).filter((name) => name !== zone)].map((name) => checkedServers(name, zones)),
    ),
    zone,
    headers: checkedHeaders(options),
    tls: checkedTls(options.tls ?? {}),
    fetchIntervalMs: number('fetchIntervalMs', 100, 600_000, 5_000),
    callTimeoutMs: number('callTimeoutMs', 100, 60_000, 5_000),
    connectTimeoutMs: number('connectTimeoutMs', 100, 2_000, 1_500),
    avoidMs: number('avoidMs', 0, 600_000, 30_000),
    restoreGraceMs: number('restoreGraceMs', 0, 600_000, 60_000),
    maxAnswerBytes: number('maxAnswerBytes', 65_536, 1_073_741_824, 67_108_864),
    backoff: checkedBackoff('eurekaRegistry.backoff', options.backoff, {
      baseMs: 500,
      factor: 1.6,
      maxMs: 4_000,
      jitter: 0.5,
    }),
    watchBackoff: checkedBackoff('eurekaRegistry.watchBackoff', options.watchBackoff, {
      baseMs: 1_200,
      factor: 1.6,
      maxMs: 120_000,
      jitter: 1 / 3,
    }),
  });
}

type NumberOption =
  | 'fetchIntervalMs'
  | 'callTimeoutMs'
  | 'connectTimeoutMs'
  | 'avoidMs'
  | 'restoreGraceMs'
  | 'maxAnswerBytes';

function checkedZone(zone: string | undefined, names: readonly string[]): string {
  const [first] = names;
  if (first === undefined) throw invalid('zones is empty; it needs at least one zone with one server');
  if (zone === undefined) return first;
  if (names.includes(zone)) return zone;
  throw invalid(`zone is ${JSON.stringify(zone)}; it must be one of zones: ${names.join(', ')}`);
}

function checkedServers(zone: string, zones: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const servers = zones[zone] ?? [];
  if (servers.length === 0) throw invalid(`zones.${zone} is empty; it needs at least one server`);
  return Object.freeze(servers.map((server) => checkedServer(zone, server)));
}

function checkedServer(zone: string, server: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  const isPlain = url !== undefined && url.username === '' && url.search === '' && url.hash === '';
  if (isPlain && /^https?:$/.test(url.protocol)) return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  throw invalid(
    `zones.${zone} has ${JSON.stringify(server)}; it must be http://host:port/path or https://host:port/path`,
  );
}

function checkedHeaders({ username, password }: EurekaOptions): Readonly<Record<string, string>> {
  if ((username === undefined) !== (password === undefined)) throw invalid('username and password go together');
  if (username === undefined) return Object.freeze({});
  return Object.freeze({ authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` });
}

function checkedTls(tls: EurekaTls): EurekaTls {
  if ((tls.cert === undefined) !== (tls.key === undefined)) throw invalid('tls.cert and tls.key go together');
  return Object.freeze({ ...tls });
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', `eurekaRegistry.${message}`, { executed: 'no' });
}
