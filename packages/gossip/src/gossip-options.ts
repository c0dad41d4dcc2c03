import { ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import { Keyring } from './keyring.js';
import { type Address, parsedAddress } from './net/address.js';
import { type Resolve, systemResolve } from './net/seeds.js';
import type { BindAddress } from './net/socket-transport.js';
import { SocketTransport } from './net/socket-transport.js';
import type { GossipTransport } from './net/transport.js';
import { type GossipProfile, type GossipTimes, profileTimes } from './profile.js';
import { maxMetaBytes } from './wire/message.js';

/** How a member gossips. All fields but `name` are optional. */
export interface GossipOptions {
  /** Unique in the cluster, 1 to 128 characters. A restarted process had better take a new one. */
  readonly name: string;
  /**
   * Where to bind, for UDP and TCP alike: `host:port`, or `host:first-last` for the first free one of several ports, at most 64. Port 0 is any.
   * Beyond loopback it wants a key, or `insecure`. Default `127.0.0.1:7946`.
   */
  readonly listen?: string | undefined;
  /** What others are told, `host:port` with an IP address. Default: what was bound; needed where that is a wildcard. */
  readonly advertise?: string | undefined;
  /** Whom to ask first: `host:port` or names, which may stand for many addresses. Without a port: 7946. Default none. */
  readonly seeds?: readonly string[] | undefined;
  /** Default `lan`. */
  readonly profile?: GossipProfile | undefined;
  /** Single times that depart from the profile. */
  readonly times?: Partial<GossipTimes> | undefined;
  /** Keys of 16, 24 or 32 bytes, the one that encrypts first; or a keyring, to change keys while it runs. Default none: in the clear. */
  readonly keys?: readonly Uint8Array[] | Keyring | undefined;
  /** Allows to listen beyond loopback without a key. Default false. */
  readonly insecure?: boolean | undefined;
  /** What others are told about this member, 512 bytes at most. Default nothing. */
  readonly meta?: Uint8Array | undefined;
  /**
   * The versions of what the application above says: the oldest and the newest that it understands, and the one that it speaks. Everybody in
   * a cluster must understand everybody. Default `[0, 0, 0]`, as memberlist's; serf speaks `[2, 5, 4]`.
   */
  readonly delegateVersions?: readonly [min: number, max: number, current: number] | undefined;
  /** The largest packet, 512 to 65,507 bytes. Default 1,400: [UDPBufferSize]. */
  readonly maxPacketBytes?: number | undefined;
  /** How names of seeds are resolved. Default: as this machine does. */
  readonly resolve?: Resolve | undefined;
  /** Carries packets and streams. Default: sockets bound to `listen`. */
  readonly transport?: GossipTransport | undefined;
}

/** {@link GossipOptions}, checked and filled. */
export interface ResolvedGossipOptions {
  readonly name: string;
  readonly advertise: Address | undefined;
  readonly seeds: readonly Address[];
  readonly times: GossipTimes;
  readonly keyring: Keyring;
  readonly meta: Buffer;
  readonly delegateVersions: readonly [number, number, number];
  readonly maxPacketBytes: number;
  readonly resolve: Resolve;
  readonly transport: GossipTransport;
}

/** @throws ServiceError `InvalidArgument` that names the option, its value and its range. */
export function resolveGossipOptions(options: GossipOptions): ResolvedGossipOptions {
  const keyring = options.keys instanceof Keyring ? options.keys : new Keyring(options.keys);
  const listen = parsedListen(options.listen ?? `127.0.0.1:${defaultPort}`);
  assertSafe(listen, keyring, options.insecure === true);
  const profile = checkedProfile(options.profile ?? 'lan');
  const maxPacketBytes = options.maxPacketBytes;
  return Object.freeze({
    name: checkedName(options.name),
    advertise: options.advertise === undefined ? undefined : checkedAdvertise(options.advertise),
    seeds: (options.seeds ?? []).map((seed) => parsedAddress('gossip.seeds', seed, defaultPort)),
    times: checkedTimes(profileTimes(profile), options.times ?? {}),
    keyring,
    meta: checkedMeta(options.meta ?? new Uint8Array(0)),
    delegateVersions: checkedVersions(options.delegateVersions ?? [0, 0, 0]),
    maxPacketBytes: checkedNumber('gossip.maxPacketBytes', maxPacketBytes, { min: 512, max: 65_507, fallback: 1_400 }),
    resolve: options.resolve ?? systemResolve,
    transport: options.transport ?? new SocketTransport(listen),
  });
}

/** `host:port`, or `host:first-last`. */
export function parsedListen(listen: string): BindAddress {
  const [, host, first, last] = /^(.+):(\d{1,5})-(\d{1,5})$/.exec(listen) ?? [];
  if (host === undefined) {
    const { host: only, port } = parsedAddress('gossip.listen', listen, defaultPort);
    return { host: only, ports: [port] };
  }
  const start = parsedAddress('gossip.listen', `${host}:${first}`, defaultPort);
  const count = Number(last) - start.port + 1;
  if (count >= 1 && count <= 64 && Number(last) <= 0xffff) {
    return { host: start.host, ports: Array.from({ length: count }, (_, index) => start.port + index) };
  }
  throw invalid(`gossip.listen is ${JSON.stringify(listen)}; it must have 1 to 64 ports, the first one first`);
}

/** Whether only this machine is reached there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function assertSafe({ host }: BindAddress, keyring: Keyring, isAllowed: boolean): void {
  if (isLoopback(host) || keyring.primary !== undefined || isAllowed) return;
  throw invalid(
    `gossip.listen is on ${host}, where others can forge gossip: set gossip.keys, or gossip.insecure: true`,
  );
}

function checkedAdvertise(text: string): Address {
  const address = parsedAddress('gossip.advertise', text, defaultPort);
  if (/^[\d.]+$|:/.test(address.host)) return address;
  throw invalid(`gossip.advertise is ${JSON.stringify(text)}; it must be an IP address and a port`);
}

function checkedName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds
  if (typeof name === 'string' && /^[^\u0000-\u001f\u007f]{1,128}$/.test(name)) return name;
  throw invalid(`gossip.name is ${JSON.stringify(name)}; it must have 1 to 128 characters, no control characters`);
}

function checkedProfile(profile: GossipProfile): GossipProfile {
  if (profile === 'local' || profile === 'lan' || profile === 'wan') return profile;
  throw invalid(`gossip.profile is ${JSON.stringify(profile)}; it must be "local", "lan" or "wan"`);
}

function checkedTimes(defaults: GossipTimes, given: Partial<GossipTimes>): GossipTimes {
  const times = Object.entries(defaults).map(([key, fallback]) => {
    const value = given[key as keyof GossipTimes];
    return [key, checkedNumber(`gossip.times.${key}`, value, { min: 1, max: 3_600_000, fallback })];
  });
  return Object.freeze(Object.fromEntries(times) as GossipTimes);
}

function checkedMeta(meta: Uint8Array): Buffer {
  if (meta.length <= maxMetaBytes) return Buffer.from(meta);
  throw invalid(`gossip.meta has ${meta.length} bytes; it may have ${maxMetaBytes}`);
}

function checkedVersions(versions: readonly [number, number, number]): readonly [number, number, number] {
  const [min, max, current] = versions;
  const isRange = versions.every((version) => Number.isInteger(version) && version >= 0 && version <= 255);
  if (versions.length === 3 && isRange && min <= current && current <= max) return versions;
  throw invalid(`gossip.delegateVersions is ${JSON.stringify(versions)}; it must be [min, max, current] of 0 to 255`);
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}

/** memberlist's and serf's. */
export const defaultPort = 7_946;
