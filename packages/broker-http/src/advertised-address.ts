import { networkInterfaces } from 'node:os';
import { type Logger, type RegistryCapabilities, ServiceError } from '@tenon/contract';
import { joinHostAndPort } from '@tenon/contract/authoring';
import type { ResolvedHttpBrokerOptions } from './http-broker-options.js';

/**
 * What publishers are told: `advertise`, else where the server listens, a wildcard replaced by the first private address. A loopback
 * address that a network reads leads every reader to itself, which is worth a warning.
 *
 * @throws ServiceError `FailedPrecondition` where the server listens on every interface and this machine has no address.
 */
export function advertisedAddress(
  { listen, advertise }: Pick<ResolvedHttpBrokerOptions, 'listen' | 'advertise'>,
  port: number,
  { reach = 'network' }: RegistryCapabilities,
  logger: Logger,
): string {
  const host = advertise?.host ?? (isWildcard(listen.host) ? privateAddress() : listen.host);
  const address = joinHostAndPort(host, advertise?.port ?? port);
  if (reach === 'network' && isLoopback(host)) {
    logger.warn('subscriptions are advertised at a loopback address, in a registry that other machines read', {
      address,
      mend: 'give httpBroker the options listen and advertise',
    });
  }
  return address;
}

/** Whether a host stands for every interface. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || /^[0:]+$/.test(host);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function privateAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const outward = addresses.filter(({ internal, family }) => !internal && family === 'IPv4');
  const found = outward.find(({ address }) => privateForm.test(address)) ?? outward[0];
  if (found !== undefined) return found.address;
  throw new ServiceError(
    'FailedPrecondition',
    'this machine has no address but loopback; give httpBroker the option advertise',
    { executed: 'no' },
  );
}

/** RFC 1918. */
const privateForm = /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/;
