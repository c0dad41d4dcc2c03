import { type LogLevel, ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import type { ClientOptions, HealthOptions, ServerOptions, TlsOptions } from '@tenon/core';
import type { AnyClass } from '../definition/service-definition.js';
import type { Module } from '../di/modules.js';
import { type Environment, type ProfileName, profileNames, readEnvironment } from './environment.js';

export interface AppOptions {
  /** The service classes of this app, each decorated with `@Service`. Default none: an app may only call. */
  readonly services?: readonly AnyClass[];
  /** Providers and container modules, over the profile's. The later one wins. */
  readonly modules?: readonly Module[];
  /**
   * `standard`: etcd and NATS, calls over tenon/1 and HTTP. `classic`: the set of go-micro's first years, Consul and HTTP. `local`:
   * processes of one machine that find each other without any server, by multicast DNS or else gossip. `test`: everything in memory, no server and no
   * socket. `classic` and `local` have no broker yet: apps that publish or subscribe add one. Default: the variable `TENON_PROFILE`, else `standard`.
   */
  readonly profile?: ProfileName;
  /** Where to listen and what to advertise, limits; see `ServerOptions`. `TENON_LISTEN`, `TENON_ADVERTISE` win over it. */
  readonly server?: ServerOptions;
  /** Timeout, retry and content type of calls made by this app. */
  readonly client?: ClientOptions;
  /** Puts every wire of this app under TLS: its port, and the connections that it makes. Default: in the clear. */
  readonly tls?: TlsOptions;
  /** What the default logger says, and how. `TENON_LOG_LEVEL` and `TENON_LOG_FORMAT` win over it. */
  readonly log?: { readonly level?: LogLevel; readonly format?: 'json' | 'text' };
  /**
   * Starting fails at once where a registry or broker cannot be reached, instead of waiting for it. Default false: a
   * fleet that starts together must not depend on the order.
   */
  readonly failFast?: boolean;
  /** When the app counts as ready, and what follows; see `HealthOptions`. */
  readonly health?: HealthOptions;
  /**
   * How long the app goes on as before, not ready but in the registry, when it begins to stop: for load balancers that ask
   * `/health/ready` and need a while to notice. Comes on top of `drainTimeoutMs`. Range 0 to 3,600,000 ms, default 0.
   */
  readonly drainDelayMs?: number;
  /** How long handlers and events in hand may take when the app stops. Range 0 to 3,600,000 ms, default 30,000. */
  readonly drainTimeoutMs?: number;
  /** How long each single step of starting may take, waiting for a back end left out. Default 30,000 ms. */
  readonly startTimeoutMs?: number;
  /** How long each single step of closing may take. Default 5,000 ms. */
  readonly closeTimeoutMs?: number;
  /** Prints services, endpoints and addresses once started. Default true for `run()` unless in profile `test`. */
  readonly banner?: boolean;
}

export interface ResolvedAppOptions {
  readonly services: readonly AnyClass[];
  readonly modules: readonly Module[];
  readonly profile: ProfileName;
  /** Nobody chose the profile. */
  readonly profileIsDefault: boolean;
  readonly server: ServerOptions;
  readonly client: ClientOptions;
  readonly tls: TlsOptions | undefined;
  readonly log: { readonly level?: LogLevel; readonly format?: 'json' | 'text' };
  readonly failFast: boolean;
  readonly health: HealthOptions;
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly banner: boolean;
  readonly environment: Environment;
}

/**
 * @throws ServiceError `InvalidArgument` that names option or variable, its value and what it may be.
 */
export function resolveAppOptions(options: AppOptions, variables: NodeJS.ProcessEnv): ResolvedAppOptions {
  const environment = readEnvironment(variables);
  const profile = options.profile ?? environment.profile ?? 'standard';
  if (!profileNames.includes(profile)) {
    throw new ServiceError(
      'InvalidArgument',
      `profile is ${JSON.stringify(profile)}; it must be "standard" (etcd and NATS), "classic" (Consul), "local" (no server) or "test" (memory)`,
      {
        executed: 'no',
      },
    );
  }
  const { listen = options.server?.listen, advertise = options.server?.advertise } = environment;
  const { logLevel: level = options.log?.level, logFormat: format = options.log?.format } = environment;
  const milliseconds = (name: string, value: number | undefined, fallback: number): number =>
    checkedNumber(name, value, { min: 0, max: 3_600_000, fallback });
  return Object.freeze({
    services: Object.freeze([...(options.services ?? [])]),
    modules: Object.freeze([...(options.modules ?? [])]),
    profile,
    profileIsDefault: options.profile === undefined && environment.profile === undefined,
    server: Object.freeze({
      ...options.server,
      ...(listen === undefined ? {} : { listen }),
      ...(advertise === undefined ? {} : { advertise }),
    }),
    client: Object.freeze({ ...options.client }),
    tls: options.tls,
    log: Object.freeze({ ...(level === undefined ? {} : { level }), ...(format === undefined ? {} : { format }) }),
    failFast: options.failFast ?? environment.failFast ?? false,
    health: Object.freeze({ ...options.health }),
    drainDelayMs: milliseconds('drainDelayMs', options.drainDelayMs, 0),
    drainTimeoutMs: milliseconds('drainTimeoutMs', options.drainTimeoutMs, 30 * 1_000),
    startTimeoutMs: milliseconds('startTimeoutMs', options.startTimeoutMs, 30 * 1_000),
    closeTimeoutMs: milliseconds('closeTimeoutMs', options.closeTimeoutMs, 5 * 1_000),
    banner: options.banner ?? profile !== 'test',
    environment,
  });
}
