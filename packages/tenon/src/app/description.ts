import { type DeliveryLevel, type ServerAddress, seams } from '@tenon/contract';
import {
  type ResolvedClientOptions,
  type ResolvedHealthOptions,
  type ResolvedServerOptions,
  resolveClientOptions,
  resolveHealthOptions,
  resolveServerOptions,
} from '@tenon/core';
import { SchemaReader } from '@tenon/schema';
import type { ResolvedAppOptions } from './app-options.js';
import type { AppParts } from './app-parts.js';
import type { Environment } from './environment.js';
import { reasonsForPlain } from './reasons-for-plain.js';

/** What an app is made of, as plain data. */
export interface AppDescription {
  readonly profile: string;
  /** The `TENON_…` variables that are set, as they were read. */
  readonly environment: Environment;
  /** What came of the options of `createApp` and the variables: defaults filled in, checked. Those of providers are their own. */
  readonly options: DescribedOptions;
  /** Where it listens and what it advertises; undefined before the start. */
  readonly address: ServerAddress | undefined;
  /** Which class fills which seam, of those that were built. */
  readonly providers: Readonly<Record<string, readonly string[]>>;
  readonly services: readonly {
    readonly name: string;
    readonly version: string;
    readonly endpoints: readonly {
      readonly name: string;
      readonly url: string | undefined;
      /** Why its values go by MessagePack instead of by a codec compiled from their classes; empty where they do not. */
      readonly plain: readonly string[];
    }[];
    readonly subscriptions: readonly {
      readonly topic: string;
      readonly queue: string | undefined;
      /** What the subscription or its event asked for; undefined: the broker's own level. */
      readonly delivery: DeliveryLevel | undefined;
      readonly name: string;
    }[];
  }[];
}

/** The options of an app as they are in force. Certificates and keys are left out: only whether there is TLS. */
export interface DescribedOptions {
  readonly server: ResolvedServerOptions;
  readonly client: ResolvedClientOptions;
  readonly health: ResolvedHealthOptions;
  readonly tls: boolean;
  readonly failFast: boolean;
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly closeTimeoutMs: number;
}

export function describeApp(
  { bindings, definitions, options }: AppParts,
  address: ServerAddress | undefined,
): AppDescription {
  const providers: Record<string, readonly string[]> = {};
  for (const { identifier, participant } of bindings.made) {
    const seam = seams.find((token) => token === identifier)?.name;
    if (seam !== undefined) providers[seam] = [...(providers[seam] ?? []), participant.name];
  }
  const schemas = new SchemaReader();
  const overHttp = address !== undefined && /:\d+$/.test(address.listen);
  return {
    profile: options.profile,
    environment: options.environment,
    options: describedOptions(options),
    address,
    providers,
    services: definitions.map(({ name, version, endpoints, subscriptions }) => ({
      name,
      version,
      endpoints: endpoints.map(({ descriptor }) => ({
        name: descriptor.name,
        url: overHttp ? `http://${address.listen}/${name}/${descriptor.name}` : undefined,
        plain: reasonsForPlain(descriptor, schemas),
      })),
      subscriptions: subscriptions.map(({ topic, options: { queue, delivery }, name: subscriber }) => ({
        topic,
        queue,
        delivery,
        name: subscriber,
      })),
    })),
  };
}

function describedOptions(options: ResolvedAppOptions): DescribedOptions {
  const { failFast, drainDelayMs, drainTimeoutMs, startTimeoutMs, closeTimeoutMs } = options;
  return {
    server: resolveServerOptions(options.server),
    client: resolveClientOptions(options.client),
    health: resolveHealthOptions(options.health),
    tls: options.tls !== undefined,
    failFast,
    drainDelayMs,
    drainTimeoutMs,
    startTimeoutMs,
    closeTimeoutMs,
  };
}

/** The lines that `run()` prints once everything is up. */
export function bannerOf(description: AppDescription): string {
  const { profile, address, providers, services, environment } = description;
  const one = (seam: string): string => providers[seam]?.join(', ') ?? 'none';
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${String(value)}`);
  const endpoints = services.flatMap((service) => service.endpoints);
  const slower = endpoints.filter(({ plain }) => plain.length > 0).length;
  return [
    `tenon · profile ${profile} · registry ${one('Registry')} · broker ${one('Broker')} · transports ${one('Transport')}`,
    ...(address === undefined ? [] : [`listening on ${address.listen}, advertised as ${address.advertise}`]),
    ...(variables.length === 0 ? [] : [`environment: ${variables.join(' ')}`]),
    ...services.flatMap(({ name, version, endpoints, subscriptions }) => [
      `${name} ${version}`,
      ...endpoints.map((endpoint) => `  ${endpoint.name}${endpoint.url === undefined ? '' : `  POST ${endpoint.url}`}`),
      ...subscriptions.map(({ topic, queue }) => `  on ${topic}${queue === undefined ? '' : ` (queue ${queue})`}`),
    ]),
    ...(slower === 0
      ? []
      : [
          `${slower} of ${endpoints.length} endpoints could be faster with classes on both sides: app.describe() says which and why`,
        ]),
  ].join('\n');
}
