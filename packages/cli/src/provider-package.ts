import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Broker, isProvider, type Provider, provide, Registry, seams, type Token } from '@tenon/contract';
import { Failure } from './failure.js';

/** The module of a registry or a broker, found by its name alone. */
export interface ProviderPackage<T> {
  /** `@tenon/registry-etcd` */
  readonly name: string;
  /** The option of its factory that holds addresses. */
  readonly addressOption: string;
  /** Makes its provider. */
  provider(options: Readonly<Record<string, unknown>>): Provider<T>;
}

/** A seam whose providers are found by name, and the option that holds addresses unless a package says another. */
interface Kind<T> {
  readonly seam: 'registry' | 'broker';
  readonly token: Token<T>;
  readonly addressOption: string;
}

/**
 * Finds the package of a registry: `etcd` is `@tenon/registry-etcd`, and what has a `/` is a package's own name. It is looked for
 * in the given folder first, then beside this command. Its factory is the export named after it: `etcdRegistry`.
 *
 * A package may say in its package.json by which option its factory takes addresses: `"tenon": { "addressOption": "servers" }`;
 * by default `endpoints`.
 */
export function registryPackage(registry: string, folder: string): Promise<ProviderPackage<Registry>> {
  return providerPackage(registry, folder, { seam: 'registry', token: Registry, addressOption: 'endpoints' });
}

/** The same of a broker: `nats` is `@tenon/broker-nats` with `natsBroker`. Addresses go into `servers` by default. */
export function brokerPackage(broker: string, folder: string): Promise<ProviderPackage<Broker>> {
  return providerPackage(broker, folder, { seam: 'broker', token: Broker, addressOption: 'servers' });
}

async function providerPackage<T>(given: string, folder: string, kind: Kind<T>): Promise<ProviderPackage<T>> {
  const { seam } = kind;
  const name = given.includes('/') ? given : `@tenon/${seam}-${given}`;
  if (!packageName.test(name)) throw Failure.usage(`${JSON.stringify(given)} is not the name of a ${seam}`);
  const place = placeOf(name, folder);
  if (place === undefined) {
    const what = `the ${seam} ${given} needs the package ${name}, which is not installed`;
    throw Failure.usage(`${what}: npm install ${name}`);
  }
  const exported = (await import(pathToFileURL(place.resolve(name)).href)) as Readonly<Record<string, unknown>>;
  const factory = factoryIn(exported, name, seam);
  return {
    name,
    addressOption: await addressOptionOf(name, place, kind.addressOption),
    provider: (options) => {
      const provider: unknown = factory(options);
      if (!isProvider(provider)) throw Failure.usage(`what ${name} makes is not a provider`);
      return ours(provider, kind.token);
    },
  };
}

function placeOf(name: string, folder: string): NodeJS.Require | undefined {
  const places = [join(folder, 'any.js'), fileURLToPath(import.meta.url)].map(createRequire);
  return places.find((place) => {
    try {
      return place.resolve(name) !== '';
    } catch {
      return false;
    }
  });
}

function factoryIn(
  exported: Readonly<Record<string, unknown>>,
  name: string,
  seam: string,
): (options: object) => unknown {
  const technology = name.slice(name.lastIndexOf('/') + 1).replace(new RegExp(`^${seam}-`), '');
  const wanted = `${technology.replaceAll(/[^a-z0-9]/gi, '').toLowerCase()}${seam}`;
  const [, factory] = Object.entries(exported).find(([key]) => key.toLowerCase() === wanted) ?? [];
  if (typeof factory === 'function') return factory as (options: object) => unknown;
  const example = `${technology.replaceAll('-', '')}${seam === 'broker' ? 'Broker' : 'Registry'}`;
  throw Failure.usage(`${name} exports no factory named after it, such as ${example}`);
}

async function addressOptionOf(name: string, place: NodeJS.Require, fallback: string): Promise<string> {
  try {
    const manifest: unknown = JSON.parse(await readFile(place.resolve(`${name}/package.json`), 'utf8'));
    const { tenon } = manifest as { readonly tenon?: { readonly addressOption?: unknown } };
    if (typeof tenon?.addressOption === 'string') return tenon.addressOption;
  } catch {
    // A package need not export its package.json.
  }
  return fallback;
}

/** The same provider under our tokens: a package of the project in hand may bring a contract of its own. */
function ours<T>(provider: Provider, token: Token<T>): Provider<T> {
  const here = <S extends Token>(one: S): S => (seams.find(({ name }) => name === one.name) as S | undefined) ?? one;
  const dependencies = provider.dependencies.map((dependency) => {
    if (typeof dependency === 'function') return here(dependency);
    return 'all' in dependency ? { all: here(dependency.all) } : { optional: here(dependency.optional) };
  });
  return provide(token, dependencies, (...resolved) =>
    (provider.create as (...resolved: readonly unknown[]) => T)(...resolved),
  );
}

const packageName = /^(?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/i;
