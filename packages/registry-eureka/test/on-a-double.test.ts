import type { IncomingMessage, ServerResponse } from 'node:http';
import { eventually, recordOf, TcpProxy, WatchedSet } from '@tenon/conformance';
import type { LeaseState, Logger } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EurekaOptions } from '../src/eureka-options.js';
import type { EurekaRegistry } from '../src/eureka-registry.js';
import { EurekaDouble } from './eureka-double.js';
import { eurekaClient } from './fixture.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

let double: EurekaDouble;
let cleanups: (() => Promise<unknown> | unknown)[] = [];

beforeEach(async () => {
  cleanups = [];
  double = await started();
});

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

async function started(): Promise<EurekaDouble> {
  const one = await EurekaDouble.start();
  cleanups.push(() => one.dispose());
  return one;
}

function client(options: EurekaOptions = {}, logger?: Logger): EurekaRegistry {
  const brisk = { fetchIntervalMs: 100, callTimeoutMs: 2_000, restoreGraceMs: 1_000, watchBackoff: { maxMs: 500 } };
  const registry = eurekaClient({ zones: { a: [double.url] }, ...brisk, ...options }, logger);
  cleanups.push(() => registry.close());
  return registry;
}

function watched(registry: EurekaRegistry, service = 'greeter'): WatchedSet {
  const set = new WatchedSet(registry, service);
  cleanups.push(() => set.leave());
  return set;
}

/** Whatever is asked is answered so. */
const always = (answer: Answer) => (request: IncomingMessage, response: ServerResponse) => {
  answer(request, response);
  return true;
};
/** What a server answers that keeps an older answer in its cache. */
const keptDelta = (hash: string, instance: object) => (request: IncomingMessage, response: ServerResponse) => {
  if (request.url?.includes('delta') !== true) return false;
  const application = { name: 'GREETER', instance: { ...instance, actionType: 'ADDED' } };
  response.end(JSON.stringify({ applications: { apps__hashcode: hash, application } }));
  return true;
};
const within = (seconds: number) => ({ withinMs: seconds * 1_000 });
const pastTime = (ms: number): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, ms));
const unhurried = { ttlMs: 60_000 };
const ids = async (registry: EurekaRegistry): Promise<readonly string[]> =>
  (await registry.lookup('greeter')).flatMap(({ nodes }) => nodes.map(({ id }) => id));
const stranger = (id: string, more: Readonly<Record<string, unknown>> = {}) => ({
  instanceId: id,
  app: 'GREETER',
  hostName: 'h',
  ipAddr: '10.0.0.9',
  vipAddress: 'greeter',
  status: 'UP',
  port: { $: 9, '@enabled': 'true' },
  ...more,
});

describe('on a double: changes', () => {
  it('are fetched as such after the first whole list, and the whole again where the hash differs', async () => {
    const registry = client();
    const set = watched(registry);
    double.plant(stranger('n1'));
    await eventually(() => expect(set.ids).toEqual(['n1']), within(5));
    double.asked.length = 0;
    double.plant(stranger('n2'));
    await eventually(() => expect(set.ids).toEqual(['n1', 'n2']), within(5));
    expect(new Set(double.asked)).toEqual(new Set(['GET /apps/delta']));
    double.dropSilently('GREETER', 'n1');
    await eventually(() => expect(set.ids).toEqual(['n2']), within(5));
    expect(double.asked).toContain('GET /apps');
  });

  it('that are empty say that nothing has changed', async () => {
    const registry = client();
    double.plant(stranger('n1'));
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual(['n1']), within(5));
    const answer = { applications: { apps__hashcode: 'UP_1_', application: [] } };
    double.intercept = always((_request, response) => response.end(JSON.stringify(answer)));
    double.asked.length = 0;
    await eventually(() => expect(double.asked.length).toBeGreaterThan(3), within(5));
    expect([set.sets, set.errors]).toEqual([[['n1']], []]);
    expect(double.asked).not.toContain('GET /apps');
  });

  it('that a server leaves out of its cached answer are seen with the next whole list, and not undone afterwards', async () => {
    const registry = client();
    double.plant(stranger('n1', { lastDirtyTimestamp: '1' }));
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual(['n1']), within(5));
    const old = stranger('n1', { lastDirtyTimestamp: '1' });
    double.intercept = keptDelta('UP_1_', old);
    double.plant(stranger('n1', { lastDirtyTimestamp: '2', metadata: { moved: 'yes' } }));
    double.plant(stranger('n2', { lastDirtyTimestamp: '2' }));
    await eventually(() => expect(set.ids).toEqual(['n1', 'n2']), within(10));
    for (const hash of ['UP_1_', 'UP_2_']) {
      double.intercept = keptDelta(hash, old);
      double.asked.length = 0;
      await eventually(() => expect(double.asked.length).toBeGreaterThan(5), within(10));
    }
    // Each set more would be one in which the older word of n1 stood, or none of n2.
    expect(set.sets).toEqual([['n1'], ['n1', 'n2']]);
  });

  it('that a server does not offer are not asked for again: the whole is', async () => {
    const registry = client();
    double.intercept = (request, response) => {
      if (request.url?.includes('delta') !== true) return false;
      response.writeHead(403).end();
      return true;
    };
    await registry.start(new AbortController().signal);
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual([]), within(5));
    double.plant(stranger('n1'));
    await eventually(() => expect(set.ids).toEqual(['n1']), within(5));
    expect(double.asked.filter((asked) => asked.includes('delta')).length).toBeLessThan(3);
  });
});

describe('on a double: status', () => {
  it('an instance that an operator took out of service is left out, and comes back', async () => {
    const registry = client();
    await registry.register(recordOf('greeter', 'n1'), unhurried);
    await registry.register(recordOf('greeter', 'n2'), unhurried);
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual(['n1', 'n2']), within(5));
    const status = (value: string) =>
      fetch(`${double.url}/apps/GREETER/${encodeURIComponent('greeter:n1')}/status?value=${value}`, { method: 'PUT' });
    await status('OUT_OF_SERVICE');
    await eventually(() => expect(set.ids).toEqual(['n2']), within(5));
    expect(await ids(registry)).toEqual(['n2']);
    await status('UP');
    await eventually(() => expect(set.ids).toEqual(['n1', 'n2']), within(5));
  });
});

describe('on a double: servers', () => {
  it('of our own zone are asked first, others while none of them answers, and ours again afterwards', async () => {
    const [own, other] = [double, await started()];
    const registry = client({ zones: { b: [other.url], a: [own.url] }, zone: 'a', avoidMs: 300 });
    const zoneOf = async (): Promise<string> => {
      own.asked.length = other.asked.length = 0;
      await registry.list();
      return own.asked.length > 0 ? 'own' : 'other';
    };
    expect(await zoneOf()).toBe('own');
    await own.kill();
    expect(await zoneOf()).toBe('other');
    expect(registry.trouble).toBeUndefined();
    await own.restart();
    await eventually(async () => expect(await zoneOf()).toBe('own'), within(5));
  });

  it('that hang are passed over after the deadline of a call, and asked last from then on', async () => {
    const other = await started();
    const registry = client({ zones: { a: [double.url], b: [other.url] }, callTimeoutMs: 200 });
    double.intercept = always(() => undefined);
    await registry.list();
    await registry.list();
    expect([double.asked, other.asked]).toEqual([['GET /apps'], ['GET /apps', 'GET /apps']]);
  });

  it('another one that begins empty takes no node from a watch, and hears of ours with the next heartbeat', async () => {
    const other = await started();
    const registry = client({ zones: { a: [double.url, other.url] }, restoreGraceMs: 10_000 });
    await registry.register(recordOf('greeter', 'n1'), { ttlMs: 3_000 });
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual(['n1']), within(5));
    const before = set.sets.length;
    await (double.asked.length > 0 ? double : other).kill();
    const left = double.asked.length > 0 ? other : double;
    await eventually(
      async () => expect((await (await fetch(`${left.url}/apps`)).text()).includes('greeter:n1')).toBe(true),
      within(5),
    );
    await pastTime(500);
    expect(set.sets.slice(before).filter((found) => found.length === 0)).toEqual([]);
  });
});

describe('on a double: outages', () => {
  it('a server that comes back without its memory hears of us within 5 s; no watch sees a node go', async () => {
    const registry = client({ restoreGraceMs: 10_000 });
    const set = watched(registry);
    const lease = await registry.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
    const states: LeaseState[] = [];
    lease.onChange((state) => void states.push(state));
    await eventually(() => expect(set.ids).toEqual(['n1']), within(5));
    const before = set.sets.length;
    await double.kill();
    await eventually(() => expect(set.errors).toHaveLength(1), within(5));
    await expect(registry.lookup('greeter')).rejects.toMatchObject({ code: 'Unavailable' });
    await double.restart();
    await eventually(() => expect(states).toEqual(['lost', 'held']), within(5));
    expect(await ids(registry)).toEqual(['n1']);
    await eventually(() => expect(set.sets.length).toBeGreaterThan(before), within(5));
    expect(set.sets.slice(before).filter((found) => found.length === 0)).toEqual([]);
    expect(set.errors).toHaveLength(1);
  });

  it('a server that was out of reach and has forgotten nobody is believed at once: who left meanwhile is gone', async () => {
    const proxy = await TcpProxy.to(double.port);
    cleanups.push(() => proxy.close());
    const registry = client({ zones: { a: [`http://${proxy.endpoint}/eureka`] }, restoreGraceMs: 600_000 });
    const there = client();
    const leaving = await there.register(recordOf('greeter', 'leaves'), { ttlMs: 15_000 });
    await there.register(recordOf('greeter', 'stays'), { ttlMs: 15_000 });
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual(['leaves', 'stays']), within(5));
    proxy.cut();
    await eventually(() => expect(set.errors).toHaveLength(1), within(5));
    await leaving.release();
    proxy.heal();
    await eventually(() => expect(set.ids).toEqual(['stays']), within(5));
  });

  it('nodes that stay away after an outage are given up when the grace is over', async () => {
    const registry = client({ restoreGraceMs: 1_000 });
    double.plant(stranger('n1'));
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual(['n1']), within(5));
    await double.kill();
    await eventually(() => expect(set.errors).toHaveLength(1), within(5));
    await double.restart();
    double.plant(stranger('n2'));
    await eventually(() => expect(set.ids).toEqual(['n1', 'n2']), within(5));
    await eventually(() => expect(set.ids).toEqual(['n2']), within(5));
  });

  it('dead nodes that the server protects stay listed, and what else changes goes on', async () => {
    double.protectsItself = true;
    const proxy = await TcpProxy.to(double.port);
    cleanups.push(() => proxy.close());
    const doomed = client({ zones: { a: [`http://${proxy.endpoint}/eureka`] } });
    const registry = client();
    await doomed.register(recordOf('greeter', 'dead'), { ttlMs: 1_000 });
    await registry.register(recordOf('greeter', 'n1'), { ttlMs: 1_000 });
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual(['dead', 'n1']), within(5));
    proxy.cut();
    await pastTime(3_000);
    await registry.register(recordOf('greeter', 'n2'), { ttlMs: 1_000 });
    await eventually(() => expect(set.ids).toEqual(['dead', 'n1', 'n2']), within(5));
    expect([set.sets.filter((found) => !found.includes('dead')), set.errors]).toEqual([[], []]);
    double.protectsItself = false;
    await eventually(() => expect(set.ids).toEqual(['n1', 'n2']), within(5));
  });

  it('a connection that is half open is noticed with the next fetch, and the set is whole again afterwards', async () => {
    const proxy = await TcpProxy.to(double.port);
    cleanups.push(() => proxy.close());
    const registry = client({ zones: { a: [`http://${proxy.endpoint}/eureka`] }, callTimeoutMs: 500 });
    double.plant(stranger('n1'));
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual(['n1']), within(5));
    proxy.freeze();
    await eventually(() => expect(set.errors).toHaveLength(1), within(5));
    double.plant(stranger('n2'));
    proxy.heal();
    await eventually(() => expect(set.ids).toEqual(['n1', 'n2']), within(5));
  });
});

describe('on a double: a partition between two servers', () => {
  it('each side takes registrations and answers with what it knows, and both know all after it', async () => {
    const other = await started();
    double.pairWith(other);
    const here = client();
    const there = client({ zones: { b: [other.url] } });
    expect(here.capabilities.consistency).toEqual({
      register: { level: 'eventual', whenCutOff: 'answers' },
      lookup: { level: 'eventual', whenCutOff: 'answers' },
      cachedCall: { level: 'eventual', whenCutOff: 'answers' },
    });
    await here.register(recordOf('greeter', 'n1'), unhurried);
    const set = watched(there);
    await eventually(() => expect(set.ids).toEqual(['n1']), within(5));
    double.isPartitioned = true;
    other.isPartitioned = true;
    await here.register(recordOf('greeter', 'n2'), unhurried);
    await there.register(recordOf('greeter', 'n3'), unhurried);
    expect([await ids(here), await ids(there)]).toEqual([
      ['n1', 'n2'],
      ['n1', 'n3'],
    ]);
    double.heal();
    await eventually(() => expect(set.ids).toEqual(['n1', 'n2', 'n3']), within(5));
    expect([await ids(here), await ids(there)]).toEqual([
      ['n1', 'n2', 'n3'],
      ['n1', 'n2', 'n3'],
    ]);
  });
});

describe('on a double: bad answers', () => {
  const page = '<html>log in</html>';
  const answers: readonly [string, string, Answer][] = [
    [
      'a page of HTML',
      'Unavailable',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
    ],
    ['a redirect', 'Unavailable', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['status 500', 'Unavailable', (_, response) => response.writeHead(500).end()],
    ['status 401', 'Unauthenticated', (_, response) => response.writeHead(401).end()],
    ['status 403', 'PermissionDenied', (_, response) => response.writeHead(403).end()],
    ['a giant body', 'ResourceExhausted', (_, response) => response.end(`"${'x'.repeat(100_000)}"`)],
    ['silence', 'Unavailable', () => undefined],
  ];

  it.each(answers)('%s is %s', async (_name, code, answer) => {
    const registry = client({ maxAnswerBytes: 65_536, callTimeoutMs: 300 });
    double.intercept = always(answer);
    await expect(registry.lookup('greeter')).rejects.toMatchObject({ code, executed: 'no' });
    await expect(registry.list()).rejects.toMatchObject({ code });
    await expect(registry.register(recordOf('greeter', 'n1'), unhurried)).rejects.toMatchObject({ code });
    const set = watched(registry);
    await eventually(() => expect(set.errors[0]?.code).toBe(code), within(5));
    double.intercept = undefined;
    await registry.register(recordOf('greeter', 'n2'), unhurried);
    await eventually(() => expect(set.ids).toEqual(['n2']), within(5));
  });

  it('XML is no list of anything', async () => {
    const registry = client();
    double.intercept = always((_request, response) => response.end('<applications/>'));
    for (const call of [() => registry.lookup('greeter'), () => registry.list()]) {
      await expect(call()).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('not JSON') });
    }
  });

  it('a name that does not resolve is Unavailable', async () => {
    const registry = client({ zones: { a: ['http://no-such-host.invalid:8761/eureka'] } });
    await expect(registry.lookup('greeter')).rejects.toMatchObject({ code: 'Unavailable' });
    expect(registry.trouble?.code).toBe('Unavailable');
  });

  it('instances that cannot be used are left out with one warning, and the good ones work', async () => {
    const warned: unknown[] = [];
    const logger: Logger = Object.assign(silentLogger(), {
      warn: (_message: string, fields?: Readonly<Record<string, unknown>>) => void warned.push(fields?.['count']),
    });
    const registry = client({}, logger);
    double.plant(stranger('n1', { metadata: null, port: '80' }));
    double.plant(stranger('bad-1', { metadata: { endpoints: '{not JSON' } }));
    double.plant(stranger('bad-2', { metadata: { endpoints: '[7]' } }));
    double.plant(stranger('bad-3', { ipAddr: '', hostName: '', port: null }));
    double.plant(stranger('bad-4', { metadata: { version: 7 } }));
    double.plant(stranger('bad-5\u0000'));
    double.plant(stranger('n2', { metadata: JSON.parse('{"__proto__":"p","plain":"x"}') }));
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual(['n1', 'n2']), within(5));
    expect(await ids(registry)).toEqual(['n1', 'n2']);
    expect(warned).toHaveLength(1);
    expect(Reflect.get({}, 'plain')).toBeUndefined();
  });
});
