import { type ServerAddress, seams } from '@tenon/contract';
import { SchemaReader } from '@tenon/schema';
import type { AppParts } from './app-parts.js';
import type { Environment } from './environment.js';
import { reasonsForPlain } from './reasons-for-plain.js';

/** What an app is made of, as plain data. */
export interface AppDescription {
  readonly profile: string;
  /** The `TENON_…` variables that are set, as they were read. */
  readonly environment: Environment;
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
      readonly name: string;
    }[];
  }[];
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
      subscriptions: subscriptions.map(({ topic, queue, name: subscriber }) => ({ topic, queue, name: subscriber })),
    })),
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
