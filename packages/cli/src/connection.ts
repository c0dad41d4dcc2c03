import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Broker, type Provider, Registry, ServiceError } from '@tenon/contract';
import { type App, consoleLogger, createApp, httpTransport, tcpTransport } from 'tenon';
import { Failure } from './failure.js';
import { brokerPackage, type ProviderPackage, registryPackage } from './provider-package.js';
import type { Secrets } from './secrets.js';
import type { Surroundings } from './surroundings.js';

/** What every command takes. */
export interface ConnectionOptions {
  readonly registry?: string;
  readonly address?: string;
  readonly options?: string;
  /** As it was written. */
  readonly timeout?: string;
  readonly verbose?: boolean;
  readonly broker?: string;
  readonly brokerAddress?: string;
  readonly brokerOptions?: string;
}

/** A command's connection to the registry. */
export interface Connection {
  readonly app: App;
  readonly registry: Registry;
  /** As it was named. */
  readonly name: string;
  /** What `--timeout` says. */
  readonly timeoutMs: number | undefined;
  /** Asks the registry, within the time that there is. */
  ask<T>(question: (registry: Registry, signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Connects, does some work, and leaves nothing behind. */
export async function connected(
  given: ConnectionOptions,
  surroundings: Surroundings,
  secrets: Secrets,
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  const { variables, folder, signal } = surroundings;
  const chosen = given.registry ?? textOf(variables['TENON_REGISTRY']) ?? 'etcd';
  const timeoutMs = timeoutOf(given.timeout);
  const limitMs = timeoutMs ?? 5_000;
  const registryModule = await moduleOf(await registryPackage(chosen, folder), {
    address: given.address ?? textOf(variables[variableOf(chosen)]),
    options: await optionsIn('--options', given.options, folder, secrets),
  });
  const app = await appOf([registryModule], { given, surroundings, secrets, limitMs });
  const stop = (): void => void app.close();
  signal.addEventListener('abort', stop);
  try {
    await app.start().catch((thrown) => {
      throw Failure.ofRegistry(chosen, thrown);
    });
    signal.removeEventListener('abort', stop);
    const registry = app.get(Registry);
    const ask: Connection['ask'] = async (question) => {
      const limit = AbortSignal.timeout(limitMs);
      try {
        return await question(registry, AbortSignal.any([signal, limit]));
      } catch (thrown) {
        throw Failure.ofRegistry(chosen, limit.aborted ? noAnswer(limitMs) : thrown);
      }
    };
    await work({ app, registry, name: chosen, timeoutMs, ask });
  } finally {
    signal.removeEventListener('abort', stop);
    await app.close();
  }
}

/** A command's connection to the broker. */
export interface BrokerConnection {
  readonly app: App;
  readonly broker: Broker;
  /** As it was named. */
  readonly name: string;
  readonly limitMs: number;
}

/** Connects to a broker, does some work, and leaves nothing behind. Of a broker that finds its peers in a registry that one is asked, too. */
export async function connectedToBroker(
  given: ConnectionOptions,
  surroundings: Surroundings,
  secrets: Secrets,
  work: (connection: BrokerConnection) => Promise<void>,
): Promise<void> {
  const { variables, folder, signal } = surroundings;
  const chosen = given.broker ?? textOf(variables['TENON_BROKER']) ?? 'nats';
  const limitMs = timeoutOf(given.timeout) ?? 5_000;
  const found = await brokerPackage(chosen, folder);
  const brokerModule = await moduleOf(found, {
    address: given.brokerAddress ?? textOf(variables[variableOf(chosen)]),
    options: await optionsIn('--broker-options', given.brokerOptions, folder, secrets),
  });
  const modules: Provider[] = [brokerModule];
  if (brokerModule.dependencies.includes(Registry)) {
    const registry = given.registry ?? textOf(variables['TENON_REGISTRY']) ?? 'etcd';
    const place = {
      address: given.address ?? textOf(variables[variableOf(registry)]),
      options: await optionsIn('--options', given.options, folder, secrets),
    };
    modules.unshift(await moduleOf(await registryPackage(registry, folder), place));
  }
  const app = await appOf(modules, { given, surroundings, secrets, limitMs });
  const stop = (): void => void app.close();
  signal.addEventListener('abort', stop);
  try {
    await app.start().catch((thrown) => {
      throw Failure.ofBroker(chosen, thrown);
    });
    signal.removeEventListener('abort', stop);
    await work({ app, broker: app.get(Broker), name: chosen, limitMs });
  } finally {
    signal.removeEventListener('abort', stop);
    await app.close();
  }
}

function moduleOf<T>(
  { provider, addressOption }: ProviderPackage<T>,
  { address, options }: { readonly address: string | undefined; readonly options: Readonly<Record<string, unknown>> },
): Provider<T> {
  const addresses = address === undefined ? {} : { [addressOption]: addressesIn(address) };
  return usable(() => provider({ ...options, ...addresses }));
}

/** Nothing of an app's own surroundings: all that is needed stands here. */
function appOf(
  modules: readonly Provider[],
  {
    given,
    surroundings: { errors },
    secrets,
    limitMs,
  }: {
    readonly given: ConnectionOptions;
    readonly surroundings: Surroundings;
    readonly secrets: Secrets;
    readonly limitMs: number;
  },
): Promise<App> {
  return createApp({
    profile: 'test',
    failFast: true,
    banner: false,
    startTimeoutMs: limitMs,
    modules: [
      ...modules,
      httpTransport(),
      tcpTransport(),
      consoleLogger({
        level: given.verbose === true ? 'debug' : 'silent',
        format: 'text',
        write: (line) => void errors.write(`${secrets.redact(line)}\n`),
      }),
    ],
  });
}

/** An empty variable counts as not set. */
function textOf(variable: string | undefined): string | undefined {
  const text = variable?.trim();
  return text === '' ? undefined : text;
}

/** `TENON_ETCD` for `etcd`, `TENON_DNS_SRV` for `dns-srv`. */
function variableOf(provider: string): string {
  const technology = provider.slice(provider.lastIndexOf('/') + 1).replace(/^(?:registry|broker)-/, '');
  return `TENON_${technology.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
}

function addressesIn(list: string): readonly string[] {
  return list
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
}

/** @throws Failure that says nothing of what stands in the file: it is where passwords are. */
async function optionsIn(
  option: string,
  file: string | undefined,
  folder: string,
  secrets: Secrets,
): Promise<Readonly<Record<string, unknown>>> {
  if (file === undefined) return {};
  const text = await readFile(resolve(folder, file), 'utf8').catch(() => {
    throw Failure.usage(`${option}: ${file} cannot be read`);
  });
  const options = parsed(text);
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw Failure.usage(`${option}: ${file} does not hold a JSON object`);
  secrets.add(options);
  return options as Readonly<Record<string, unknown>>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function timeoutOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const timeoutMs = Number(text);
  if (Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= 3_600_000) return timeoutMs;
  throw Failure.usage('--timeout must be a whole number of milliseconds from 1 to 3600000');
}

/** A factory that refuses its options was given wrong ones. */
function usable<T>(make: () => T): T {
  try {
    return make();
  } catch (thrown) {
    if (thrown instanceof ServiceError && thrown.code === 'InvalidArgument') throw Failure.usage(thrown.rawMessage);
    throw thrown;
  }
}

function noAnswer(limitMs: number): ServiceError {
  return new ServiceError('Unavailable', `it did not answer within ${limitMs} ms`, { executed: 'no' });
}
