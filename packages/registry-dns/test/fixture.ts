import { type Logger, type Registry, ServiceError } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { type DnsRegistryOptions, dnsRegistry } from '../src/index.js';
import { DnsServer } from './dns-server.js';

/** Short waits: whatever is waited for comes after some of them. */
export const hasty = {
  domain: 'shop.internal',
  refreshIntervalMs: 1_000,
  timeoutMs: 250,
  backoff: { baseMs: 10, maxMs: 50 },
} as const;

export async function startedServer(): Promise<DnsServer> {
  const server = new DnsServer();
  await server.listen();
  return server;
}

/** A registry that asks this server. */
export function registryOn(
  server: DnsServer,
  options: Partial<DnsRegistryOptions> = {},
  logger: Logger = silentLogger(),
  clock = systemClock(),
): Registry {
  const provider = dnsRegistry({ ...hasty, servers: [server.address], ...options });
  return (provider.create as (logger: Logger, clock: ReturnType<typeof systemClock>) => Registry)(logger, clock);
}

/** The addresses that a lookup finds. */
export async function addressesOf(registry: Registry, service = 'greeter'): Promise<readonly string[]> {
  const records = await registry.lookup(service);
  return records.flatMap(({ nodes }) => nodes.map(({ address }) => address));
}

/** The code that a call rejects with. */
export async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => undefined,
    (error) => ServiceError.from(error).code,
  );
}
