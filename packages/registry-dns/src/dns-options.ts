import { isIP } from 'node:net';
import { ServiceError } from '@tenon/contract';
import { type BackoffOptions, checkedBackoff, checkedNumber, type FixedRegistrations } from '@tenon/contract/authoring';
import { isDnsName } from './srv-name.js';

/** Where the records stand, and how often they are read. One of `domain` and `services` is needed. */
export interface DnsRegistryOptions {
  /** The nodes of a service `greeter` are the SRV records of `_greeter._tcp.` and this domain. Default: only `services` are found. */
  readonly domain?: string | undefined;
  /**
   * The name of the SRV records of each service that goes by another one, such as `_grpc._tcp.greeter.shop.svc.cluster.local`. Also
   * what `list` asks for: DNS itself cannot tell its names.
   */
  readonly services?: Readonly<Record<string, string>> | undefined;
  /** The name servers to ask, `address` or `address:port`, IPv6 in brackets. Default: those of the machine. */
  readonly servers?: readonly string[] | undefined;
  /**
   * How often a watched name is asked for, in milliseconds, 1,000 to 3,600,000; a fifth of it is random. The time to live of the
   * records counts for the name servers in between, not here. Default 10,000.
   */
  readonly refreshIntervalMs?: number | undefined;
  /** How long one name server has for its answer, in milliseconds, 100 to 30,000; each is asked twice. Default 2,000. */
  readonly timeoutMs?: number | undefined;
  /** The waits after a failed query. Default `{ baseMs: 500, factor: 1.6, maxMs: 10_000, jitter: 0.5 }`. */
  readonly backoff?: Partial<BackoffOptions> | undefined;
  /** The version of every node, which DNS does not tell. Default `latest`, as in go-micro. */
  readonly version?: string | undefined;
  /** What the nodes speak, best first. Default `['tenon/1', 'http']`, what a Tenon server offers by default. */
  readonly protocols?: readonly string[] | undefined;
  /**
   * Which of this application's own services may start. `listed`: those whose address (`advertise`) DNS lists when they start.
   * `any`: all; somebody else, such as Kubernetes, sees to the records. Default `listed`.
   */
  readonly registrations?: FixedRegistrations | undefined;
}

/** {@link DnsRegistryOptions} with every default filled in. */
export interface ResolvedDnsOptions {
  readonly domain: string | undefined;
  readonly services: ReadonlyMap<string, string>;
  readonly servers: readonly string[] | undefined;
  readonly refreshIntervalMs: number;
  readonly timeoutMs: number;
  readonly backoff: BackoffOptions;
  readonly version: string;
  readonly protocols: readonly string[];
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveDnsOptions(options: DnsRegistryOptions): ResolvedDnsOptions {
  const number = (name: 'refreshIntervalMs' | 'timeoutMs', min: number, max: number, fallback: number) =>
    checkedNumber(`dnsRegistry.${name}`, options[name], { min, max, fallback });
  const { domain, services = {}, servers, version = 'latest', protocols = ['tenon/1', 'http'] } = options;
  if (domain === undefined && Object.keys(services).length === 0)
    throw invalid('dnsRegistry wants a domain, or services with the names of their records');
  if (domain !== undefined && !isDnsName(domain))
    throw invalid(`dnsRegistry.domain is ${JSON.stringify(domain)}; it must be a name`);
  for (const [service, name] of Object.entries(services))
    if (!isDnsName(name))
      throw invalid(
        `dnsRegistry.services["${service}"] is ${JSON.stringify(name)}; it must be the name of SRV records`,
      );
  for (const server of servers ?? [])
    if (!isServer(server))
      throw invalid(`dnsRegistry.servers has ${JSON.stringify(server)}; it must be an address, with or without a port`);
  if (servers?.length === 0) throw invalid('dnsRegistry.servers is empty; leave it out for those of the machine');
  return Object.freeze({
    domain,
    services: new Map(Object.entries(services)),
    servers: servers === undefined ? undefined : Object.freeze([...servers]),
    refreshIntervalMs: number('refreshIntervalMs', 1_000, 3_600_000, 10_000),
    timeoutMs: number('timeoutMs', 100, 30_000, 2_000),
    backoff: checkedBackoff('dnsRegistry.backoff', options.backoff, {
      baseMs: 500,
      factor: 1.6,
      maxMs: 10_000,
      jitter: 0.5,
    }),
    version,
    protocols: Object.freeze([...protocols]),
  });
}

function isServer(server: unknown): boolean {
  if (typeof server !== 'string') return false;
  if (isIP(server) !== 0) return true;
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(server) ?? [];
  return isIP(six ?? four ?? '') !== 0 && Number(port) >= 1 && Number(port) <= 65_535;
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}
