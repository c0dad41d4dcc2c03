import { Client, Clock, Interceptor, keyOf, Logger, type ServedService, Server, type Token } from '@tenon/contract';
import { DrainPlan, Health } from '@tenon/core';
import { readService } from '../definition/read-service.js';
import type { ServiceDefinition, UseTarget } from '../definition/service-definition.js';
import { Bindings, identifierOf, type Made } from '../di/bindings.js';
import { complete } from '../di/complete.js';
import type { Participant } from '../di/participant.js';
import { lastOfEach } from '../di/unkeyed.js';
import { App } from './app.js';
import { type AppOptions, type ResolvedAppOptions, resolveAppOptions } from './app-options.js';
import { LifecycleRunner } from './lifecycle.js';
import { howToStart, profileModules } from './profiles.js';

/**
 * Puts an app together: reads the service classes, loads the modules, and builds every object. No I/O happens before
 * `app.start()` or `app.run()`.
 *
 * Rejects with `InvalidArgument` for bad options and variables, and with `FailedPrecondition` for wrong service classes
 * and missing bindings; each names what, where and the mend.
 *
 * @example
 * const app = await createApp({ services: [Greeter] });
 * await app.run();
 */
export async function createApp(options: AppOptions = {}): Promise<App> {
  const resolved = resolveAppOptions(options, process.env);
  const definitions = resolved.services.map(readService);
  const bindings = new Bindings();
  await bindings.load([...profileModules(resolved), ...resolved.modules]);
  for (const { serviceClass } of definitions)
    if (!bindings.isBound(identifierOf(serviceClass))) bindings.bindClass(serviceClass);
  complete(
    bindings,
    definitions.map(({ serviceClass }) => serviceClass),
  );
  build(bindings, definitions);
  const plan = bindings.get(DrainPlan);
  for (const { drainHooks = [] } of participantsOf(bindings.made))
    for (const { moment, name, run } of drainHooks) plan.add(moment, name, run);
  const entering = registration(bindings.get(Health));
  const lifecycle = new LifecycleRunner(
    () => [...participantsOf(bindings.made), entering],
    bindings.get(Clock),
    bindings.get(Logger),
    {
      ...resolved,
      advice: (participant) => adviceFor(participant, resolved),
    },
  );
  return new App({ bindings, definitions, lifecycle, options: resolved });
}

/** The last step of a start. Where the app is not ready yet it is waited for, as a back end is. */
function registration(health: Health): Participant {
  return {
    name: 'registration',
    seam: undefined,
    independent: false,
    start: (signal) => health.enter(signal),
    drain: undefined,
    close: undefined,
  };
}

/** Builds in the order in which things start: infrastructure, the application's objects, and the server last. */
function build(bindings: Bindings, definitions: readonly ServiceDefinition[]): void {
  bindings.get(Client);
  const instances = definitions.map(({ serviceClass }) => bindings.get(serviceClass));
  const server = bindings.get(Server);
  definitions.forEach((definition, index) => {
    server.serve(served(definition, instances[index] as object, (target) => interceptorOf(target, bindings)));
  });
}

function served(
  { name, version, metadata, endpoints, subscriptions }: ServiceDefinition,
  instance: object,
  interceptor: (target: UseTarget) => ServedService['endpoints'][number]['interceptors'][number],
): ServedService {
  const methods = instance as Record<string, (value: unknown) => unknown>;
  // Looked up at each call: tests replace methods of an instance that is being served.
  const bound =
    (method: string): ((value: unknown) => unknown) =>
    (value) =>
      (methods[method] as (value: unknown) => unknown)(value);
  return {
    name,
    version,
    metadata,
    endpoints: endpoints.map((endpoint) => ({
      descriptor: endpoint.descriptor,
      handle: bound(endpoint.method),
      interceptors: endpoint.use.map(interceptor),
      metadata: endpoint.metadata,
    })),
    subscriptions: subscriptions.map((subscription) => ({
      topic: subscription.topic,
      options: subscription.options,
      event: subscription.event,
      name: subscription.name,
      handle: bound(subscription.method),
      interceptors: subscription.use.map(interceptor),
    })),
  };
}

/** `@Use` takes functions and classes; what has an `intercept` on its prototype is a class that the container makes. */
function interceptorOf(
  target: UseTarget,
  bindings: Bindings,
): ServedService['endpoints'][number]['interceptors'][number] {
  const prototype: unknown = target.prototype;
  if (typeof prototype !== 'object' || prototype === null || !('intercept' in prototype)) {
    return target as ServedService['endpoints'][number]['interceptors'][number];
  }
  const interceptor = bindings.get(target as Token<Interceptor>);
  return (call, next) => interceptor.intercept(call, next);
}

/** Of what stands side by side by a key, only the last of each key lives. */
function participantsOf(made: readonly Made[]): readonly Participant[] {
  return made
    .filter((one) => {
      const key = keyOf(one.identifier);
      if (key === undefined) return true;
      const siblings = made.filter((other) => other.identifier === one.identifier).map((other) => other.instance);
      return lastOfEach(siblings, key).includes(one.instance);
    })
    .map((one) => one.participant);
}

function adviceFor({ seam }: Participant, { profile, profileIsDefault }: ResolvedAppOptions): string | undefined {
  if (profile === 'classic' && seam === 'Registry') return howToStart.classicRegistry;
  if (profile !== 'standard' || (seam !== 'Registry' && seam !== 'Broker')) return undefined;
  const without = profileIsDefault
    ? "; or do without any server by createApp({ profile: 'test' }) or TENON_PROFILE=test"
    : '';
  return `${howToStart[seam]}${without}`;
}
