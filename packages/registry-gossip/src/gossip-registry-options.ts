import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { checkedNumber } from '@tenon/contract/authoring';
import {
  type GossipOptions,
  type GossipProfile,
  type GossipTimes,
  type GossipTransport,
  isLoopback,
  type Keyring,
  parsedListen,
  type Resolve,
  resolveGossipOptions,
} from '@tenon/gossip';

/** How a gossip registry is made. All fields are optional. */
export interface GossipRegistryOptions {
  /**
   * Where this process gossips, for UDP and TCP alike: `host:port`, or `host:first-last` for the first free one of several ports. Beyond
   * loopback it wants `keys`, or `insecure`. Default `127.0.0.1:7946-7961`: sixteen processes of one machine.
   */
  readonly listen?: string | undefined;
  /** What others are told, `host:port` with an IP address. Default: what was bound; for a wildcard the first address that is not loopback. */
  readonly advertise?: string | undefined;
  /**
   * Whom to ask first: `host:port`, or names, which may stand for many addresses. Two or three of them are enough. Default: the ports of
   * `listen`, where they are a range on loopback; else none.
   */
  readonly seeds?: readonly string[] | undefined;
  /** How often members are probed and how fast news spreads. Default `local` on loopback, else `lan`. */
  readonly profile?: GossipProfile | undefined;
  /** Single times that depart from the profile. */
  readonly times?: Partial<GossipTimes> | undefined;
  /**
   * Keys of 16, 24 or 32 bytes, the same in the whole fleet, the one that encrypts first; or a `Keyring`, to change keys while it runs. Default
   * none: whoever reaches the port can forge entries.
   */
  readonly keys?: readonly Uint8Array[] | Keyring | undefined;
  /** Allows to listen beyond loopback without a key. Default false. */
  readonly insecure?: boolean | undefined;
  /** The name of this member, unique in the fleet. Default `tenon-HOST-UUID`. */
  readonly name?: string | undefined;
  /** How long an entry lives that go-micro told without a time, in milliseconds, 1,000 to 86,400,000. Default 90,000. */
  readonly untimedTtlMs?: number | undefined;
  /** How names of seeds are resolved. Default: as this machine does. */
  readonly resolve?: Resolve | undefined;
  /** Carries packets and streams, for tests. Default: sockets bound to `listen`. */
  readonly transport?: GossipTransport | undefined;
}

/** {@link GossipRegistryOptions}, checked and filled. */
export interface ResolvedGossipRegistryOptions {
  readonly gossip: GossipOptions;
  readonly untimedTtlMs: number;
  readonly reach: 'machine' | 'network';
}

/** @throws ServiceError `InvalidArgument` that names the option, its value and its range. */
export function resolveGossipRegistryOptions(options: GossipRegistryOptions): ResolvedGossipRegistryOptions {
  const { untimedTtlMs, name, ...rest } = options;
  const listen = options.listen ?? '127.0.0.1:7946-7961';
  const { host, ports } = parsedListen(listen);
  const isLocal = isLoopback(host);
  const others = isLocal && ports.length > 1 ? ports.map((port) => `${host}:${port}`) : [];
  const range = { min: 1_000, max: 24 * 3_600_000, fallback: 90_000 };
  const gossip: GossipOptions = {
    ...rest,
    name: name ?? `tenon-${hostname().slice(0, 64)}-${randomUUID()}`,
    listen,
    seeds: options.seeds ?? others,
    profile: options.profile ?? (isLocal ? 'local' : 'lan'),
  };
  // Only to be told now, and not when the registry is made, what is wrong with them.
  resolveGossipOptions(gossip);
  return Object.freeze({
    gossip,
    untimedTtlMs: checkedNumber('gossipRegistry.untimedTtlMs', untimedTtlMs, range),
    reach: isLocal ? 'machine' : 'network',
  });
}
