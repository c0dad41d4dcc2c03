import { isIPv4 } from 'node:net';
import { ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** Where and how multicast DNS is spoken. All fields are optional. */
export interface MdnsOptions {
  /**
   * The interfaces to speak on: names (`eth0`), IPv4 addresses of this machine, or `all`. Those that come up later are joined then.
   * Default `['127.0.0.1']`: processes of this machine find each other, and nothing leaves it.
   */
  readonly interfaces?: readonly string[] | 'all' | undefined;
  /** The UDP port of the group 224.0.0.251, 1 to 65,535. Default 5353; browsers and go-micro know no other. */
  readonly port?: number | undefined;
  /**
   * How long the first lookup of a service waits for answers, in milliseconds, 20 to 10,000: nobody can know whether there are more.
   * Default 100, as in go-micro.
   */
  readonly lookupMs?: number | undefined;
  /** Whether nodes are also published for ordinary browsers of DNS-SD, as `_tenon._tcp.local`, and those of others read. Default true. */
  readonly browsers?: boolean | undefined;
}

/** {@link MdnsOptions} with every default filled in. */
export interface ResolvedMdnsOptions {
  readonly interfaces: readonly string[] | 'all';
  readonly port: number;
  readonly lookupMs: number;
  readonly browsers: boolean;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveMdnsOptions(options: MdnsOptions): ResolvedMdnsOptions {
  return Object.freeze({
    interfaces: checkedInterfaces(options.interfaces ?? ['127.0.0.1']),
    port: checkedNumber('mdnsRegistry.port', options.port, { min: 1, max: 65_535, fallback: 5_353 }),
    lookupMs: checkedNumber('mdnsRegistry.lookupMs', options.lookupMs, { min: 20, max: 10_000, fallback: 100 }),
    browsers: checkedBrowsers(options.browsers ?? true),
  });
}

function checkedInterfaces(interfaces: unknown): readonly string[] | 'all' {
  if (interfaces === 'all') return interfaces;
  const isList = Array.isArray(interfaces) && interfaces.length > 0;
  if (
    isList &&
    interfaces.every((one) => typeof one === 'string' && (isIPv4(one) || /^[A-Za-z][^\s/]{0,63}$/.test(one)))
  ) {
    return Object.freeze([...new Set(interfaces as readonly string[])]);
  }
  throw invalid(
    `mdnsRegistry.interfaces is ${JSON.stringify(interfaces)}; it must be "all", or a list of interface names and IPv4 addresses`,
  );
}

function checkedBrowsers(browsers: unknown): boolean {
  if (typeof browsers === 'boolean') return browsers;
  throw invalid(`mdnsRegistry.browsers is ${JSON.stringify(browsers)}; it must be true or false`);
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}
