import { eventually, recordOf, registryCases, runCase, TcpProxy, WatchedSet } from '@tenon/conformance';
import type { LeaseState } from '@tenon/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EurekaOptions } from '../src/eureka-options.js';
import type { EurekaRegistry } from '../src/eureka-registry.js';
import { buildTimeoutMs, EurekaServer, eurekaServerMissing } from './eureka-server.js';
import { eurekaClient, eurekaFixtures } from './fixture.js';

let missing: string | undefined;
let server: EurekaServer;

beforeAll(async () => {
  missing = await eurekaServerMissing();
  if (missing === undefined) server = await EurekaServer.start();
}, buildTimeoutMs + 150_000);

afterAll(() => server?.kill());

describe('on a real Eureka server: Registry', () => {
  for (const one of registryCases) {
    it(one.name, async ({ skip }) => {
      if (missing !== undefined) return skip(missing);
      await runCase(one, eurekaFixtures(server));
    });
  }
});

describe('on a real Eureka server: faults', () => {
  it('killed and started again without its memory, it hears of us within 5 s, and no watch sees a node go', async ({
    skip,
  }) => {
    if (missing !== undefined) return skip(missing);
    await using(async ({ client, watched }) => {
      const registry = client({ restoreGraceMs: 60_000 });
      const lease = await registry.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
      const states: LeaseState[] = [];
      lease.onChange((state) => void states.push(state));
      const set = watched(registry);
      await eventually(() => expect(set.ids).toEqual(['n1']), within(10));
      await server.kill();
      await eventually(() => expect(set.errors).toHaveLength(1), within(10));
      await server.restart();
      await eventually(() => expect(states.at(-1)).toBe('held'), within(5));
      await eventually(async () => expect(await server.instances()).toHaveLength(1), within(5));
      await registry.register(recordOf('greeter', 'n2'), { ttlMs: 15_000 });
      await eventually(() => expect(set.ids).toEqual(['n1', 'n2']), within(10));
      expect(set.sets.filter((found) => !found.includes('n1'))).toEqual([]);
    });
  }, 240_000);

  it('a node that an operator took out of service is left out, and stays so while it renews', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    await using(async ({ client, watched }) => {
      const registry = client();
      await registry.register(recordOf('greeter', 'n1'), { ttlMs: 1_000 });
      await registry.register(recordOf('greeter', 'n2'), { ttlMs: 1_000 });
      const set = watched(registry);
      await eventually(() => expect(set.ids).toEqual(['n1', 'n2']), within(10));
      const override = `${server.url}/apps/GREETER/greeter:n1/status?value=`;
      await fetch(`${override}OUT_OF_SERVICE`, { method: 'PUT' });
      await eventually(() => expect(set.ids).toEqual(['n2']), within(10));
      await lasts(2_000, () => expect(set.ids).toEqual(['n2']));
      await fetch(`${override}UP`, { method: 'DELETE' });
      await eventually(() => expect(set.ids).toEqual(['n1', 'n2']), within(10));
    });
  }, 60_000);

  it('dead nodes that it protects stay listed, and new ones are still seen', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const protecting = await EurekaServer.start({ preservesItself: true });
    try {
      await using(async ({ client, watched, cutOff }) => {
        const at = { zones: { a: [protecting.url] } };
        const registry = client(at);
        const doomed = await cutOff(protecting.port);
        const register = (one: EurekaRegistry, ids: readonly string[]) =>
          Promise.all(ids.map((id) => one.register(recordOf('greeter', id), { ttlMs: 3_000 })));
        await register(registry, ['n1', 'n2']);
        await register(doomed.registry, ['d1', 'd2', 'd3', 'd4']);
        const set = watched(registry);
        const all = ['d1', 'd2', 'd3', 'd4', 'n1', 'n2'];
        await eventually(() => expect(set.ids).toEqual(all), within(10));
        doomed.cut();
        // Unprotected, they would go after two times to live.
        await lasts(10_000, () => expect(set.ids).toEqual(all));
        await register(registry, ['n3']);
        await eventually(() => expect(set.ids).toEqual([...all, 'n3']), within(10));
      });
    } finally {
      await protecting.kill();
    }
  }, 240_000);
});

interface Tools {
  client(options?: EurekaOptions): EurekaRegistry;
  watched(registry: EurekaRegistry): WatchedSet;
  /** A client whose connection can be cut. */
  cutOff(port: number): Promise<{ readonly registry: EurekaRegistry; cut(): void }>;
}

/** Hands out what a test needs, and takes it back. */
async function using(body: (tools: Tools) => Promise<void>): Promise<void> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const client = (options: EurekaOptions = {}): EurekaRegistry => {
    const brisk = { fetchIntervalMs: 200, watchBackoff: { maxMs: 1_000 } };
    const registry = eurekaClient({ zones: { a: [server.url] }, ...brisk, ...options });
    cleanups.push(() => registry.close());
    return registry;
  };
  const watched = (registry: EurekaRegistry): WatchedSet => {
    const set = new WatchedSet(registry, 'greeter');
    cleanups.push(() => set.leave());
    return set;
  };
  const cutOff = async (port: number) => {
    const proxy = await TcpProxy.to(port);
    cleanups.push(() => proxy.close());
    return { registry: client({ zones: { a: [`http://${proxy.endpoint}/eureka`] } }), cut: () => proxy.cut() };
  };
  try {
    await body({ client, watched, cutOff });
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

const within = (seconds: number) => ({ withinMs: seconds * 1_000 });

/** Checks again and again that something does not change. */
async function lasts(ms: number, check: () => void): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; ) {
    check();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
