import { ServiceError } from '@tenon/contract';
import { type BackoffOptions, checkedBackoff, checkedNumber } from '@tenon/contract/authoring';

/** How to reach ZooKeeper, and how patient to be with it. All fields are optional. */
export interface ZookeeperOptions {
  /**
   * The members of the ensemble, as `host:port` or `host` (port 2181). One is used at a time, in random order; where it fails the
   * next is tried. Default `127.0.0.1:2181`.
   */
  readonly endpoints?: readonly string[] | undefined;
  /** The node under which the entries stand, an absolute path. Default `/micro-registry`, which is go-micro's. */
  readonly root?: string | undefined;
  /** ZooKeeper's scheme `digest`. Goes together with `password`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /**
   * Who may change what we create. `world`: everybody, as with go-micro. `owner`: whoever has the same user name and password;
   * everybody reads. Default `world`.
   */
  readonly access?: 'world' | 'owner' | undefined;
  /**
   * Whether lookups and lists go through the leader first (`linearizable`: they see every registration that finished before, and
   * cost the ensemble one empty transaction each), or take what the connected member knows (`local`: cheaper, behind by as much as
   * that member is). Watches are not concerned. Default `linearizable`.
   */
  readonly reads?: 'linearizable' | 'local' | undefined;
  /**
   * The session that reads and watches, in milliseconds, 1,000 to 3,600,000. ZooKeeper bounds it to 2 to 20 of its ticks. A
   * registration of the same time to live shares it. Default 15,000.
   */
  readonly sessionTimeoutMs?: number | undefined;
  /** The deadline of each operation, in milliseconds, 100 to 60,000. Default 5,000. */
  readonly callTimeoutMs?: number | undefined;
  /** How long `start` waits, and each attempt to connect takes at most, in milliseconds, 100 to 2,000. Default 1,500. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How long watches keep nodes that are missing after ZooKeeper came back without its data, or was not heard of for half of the
   * session's time, so that living services have time to register again, in milliseconds, 0 to 60,000. Default 10,000.
   */
  readonly restoreGraceMs?: number | undefined;
  /**
   * The waits of a session with registrations between attempts to connect again. Default `{ baseMs: 500, factor: 1.6, maxMs: 4_000,
   * jitter: 0.5 }`: a service is registered again within 5 s of ZooKeeper's return.
   */
  readonly backoff?: Partial<BackoffOptions> | undefined;
  /** The same of a session that only reads. Default `{ baseMs: 1_200, factor: 1.6, maxMs: 120_000, jitter: 1 / 3 }`. */
  readonly watchBackoff?: Partial<BackoffOptions> | undefined;
}

/** One member of the ensemble. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** {@link ZookeeperOptions} with every default filled in. */
export interface ResolvedZookeeperOptions {
  readonly endpoints: readonly Endpoint[];
  readonly root: string;
  /** `user:password`. */
  readonly digest: string | undefined;
  readonly access: 'world' | 'owner';
  readonly reads: 'linearizable' | 'local';
  readonly sessionTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly restoreGraceMs: number;
  readonly backoff: BackoffOptions;
  readonly watchBackoff: BackoffOptions;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveZookeeperOptions(options: ZookeeperOptions): ResolvedZookeeperOptions {
  const number = (name: NumberOption, min: number, max: number, fallback: number): number =>
    checkedNumber(`zookeeperRegistry.${name}`, options[name], { min, max, fallback });
  const digest = checkedDigest(options);
  const access = oneOf('access', options.access ?? 'world', ['world', 'owner']);
  if (access === 'owner' && digest === undefined) throw invalid('access "owner" wants username and password');
  return Object.freeze({
    endpoints: checkedEndpoints(options.endpoints ?? ['127.0.0.1:2181']),
    root: checkedRoot(options.root ?? '/micro-registry'),
    digest,
    access,
    reads: oneOf('reads', options.reads ?? 'linearizable', ['linearizable', 'local']),
    sessionTimeoutMs: number('sessionTimeoutMs', 1_000, 3_600_000, 15_000),
    callTimeoutMs: number('callTimeoutMs', 100, 60_000, 5_000),
    connectTimeoutMs: number('connectTimeoutMs', 100, 2_000, 1_500),
    restoreGraceMs: number('restoreGraceMs', 0, 60_000, 10_000),
    backoff: checkedBackoff('zookeeperRegistry.backoff', options.backoff, {
      baseMs: 500,
      factor: 1.6,
      maxMs: 4_000,
      jitter: 0.5,
    }),
    watchBackoff: checkedBackoff('zookeeperRegistry.watchBackoff', options.watchBackoff, {
      baseMs: 1_200,
      factor: 1.6,
      maxMs: 120_000,
      jitter: 1 / 3,
    }),
  });
}

type NumberOption = {
  [K in keyof ZookeeperOptions]-?: ZookeeperOptions[K] extends number | undefined ? K : never;
}[keyof ZookeeperOptions];

function checkedEndpoints(endpoints: readonly string[]): readonly Endpoint[] {
  if (!Array.isArray(endpoints) || endpoints.length === 0) throw invalid('endpoints must name at least one member');
  return Object.freeze(endpoints.map(checkedEndpoint));
}

function checkedEndpoint(endpoint: unknown): Endpoint {
  const [, bracketed, plain, digits = '2181'] = (typeof endpoint === 'string' && address.exec(endpoint)) || [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) {
    throw invalid(`endpoints has ${JSON.stringify(endpoint)}; write host:port, without a scheme or a path`);
  }
  return Object.freeze({ host, port });
}

/** What ZooKeeper takes as a path; the longest entry under it stays within its limits too. */
function checkedRoot(root: string): string {
  if (typeof root === 'string' && /^(\/[A-Za-z0-9_.:@-]+)+$/.test(root) && !/\/\.\.?(\/|$)/.test(root)) return root;
  throw invalid(`root is ${JSON.stringify(root)}; it must be an absolute path such as "/micro-registry"`);
}

function checkedDigest({ username, password }: ZookeeperOptions): string | undefined {
  if ((username === undefined) !== (password === undefined)) throw invalid('username and password go together');
  if (username === undefined) return undefined;
  if (username === '' || username.includes(':')) throw invalid('username must not be empty or contain a colon');
  return `${username}:${password}`;
}

function oneOf<T extends string>(option: string, value: T, values: readonly T[]): T {
  if (values.includes(value)) return value;
  const allowed = values.map((one) => JSON.stringify(one)).join(' or ');
  throw invalid(`${option} is ${JSON.stringify(value)}; it must be ${allowed}`);
}

function invalid(text: string): ServiceError {
  return new ServiceError('InvalidArgument', `zookeeperRegistry.${text}`, { executed: 'no' });
}

/** A bracketed IPv6 address, a host name or an IPv4 address, and perhaps a port. */
const address = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/;
