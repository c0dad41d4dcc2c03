import type { IncomingMessage, ServerResponse } from 'node:http';
import { eventually, recordOf, TcpProxy, WatchedSet } from '@tenon/conformance';
import type { LeaseState, Logger } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConsulOptions } from '../src/consul-options.js';
import type { ConsulRegistry } from '../src/consul-registry.js';
import { ConsulDouble } from './consul-double.js';
import { consulClient } from './fixture.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

let double: ConsulDouble;
let cleanups: (() => Promise<unknown> | unknown)[] = [];

beforeEach(async () => {
  double = await ConsulDouble.start();
  cleanups = [() => double.dispose()];
});

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

function client(options: ConsulOptions = {}, logger?: Logger): ConsulRegistry {
  const registry = consulClient({ endpoint: double.endpoint, callTimeoutMs: 2_000, ...options }, logger);
  cleanups.push(() => registry.close());
  return registry;
}

function watched(registry: ConsulRegistry, service = 'greeter'): WatchedSet {
  const set = new WatchedSet(registry, service);
  cleanups.push(() => set.leave());
  return set;
}

/** Whatever is asked is answered so. */
const always = (answer: Answer) => (request: IncomingMessage, response: ServerResponse) => {
  answer(request, response);
  return true;
};
const within = (seconds: number) => ({ withinMs: seconds * 1_000 });
const pastTime = (ms: number): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, ms));
const ids = async (registry: ConsulRegistry): Promise<readonly string[]> =>
  (await registry.lookup('greeter')).flatMap(({ nodes }) => nodes.map(({ id }) => id));

describe('on a double: what is asked', () => {
  it('carries the token, the datacenter and the mode, and confirms a registration by the majority at home', async () => {
    double.token = 'secret';
    const registry = client({ token: 'secret', datacenter: 'eu', consistency: 'stale' });
    await registry.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
    await registry.lookup('greeter');
    const [put, passed, confirmed, looked] = double.asked;
    expect(put).toBe('/v1/agent/service/register?replace-existing-checks=true');
    expect(passed).toBe('/v1/agent/check/pass/service%3Agreeter%3An1');
    expect(confirmed).toBe(
      `/v1/health/service/greeter?consistent&filter=${encodeURIComponent('Service.ID == "greeter:n1"')}`,
    );
    expect(looked).toBe('/v1/health/service/greeter?dc=eu&stale');
  });

  it('a token that is refused is PermissionDenied, in calls and in watches, and no trouble of the server', async () => {
    double.token = 'secret';
    const registry = client({ token: 'wrong' });
    await expect(registry.lookup('greeter')).rejects.toMatchObject({ code: 'PermissionDenied' });
    await expect(registry.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 })).rejects.toMatchObject({
      code: 'PermissionDenied',
      message: expect.not.stringContaining('wrong'),
    });
    const set = watched(registry);
    await eventually(() => expect(set.errors[0]?.code).toBe('PermissionDenied'), within(5));
    expect(registry.trouble).toBeUndefined();
    double.token = 'wrong';
    await eventually(() => expect(set.ids).toEqual([]), within(5));
  });
});

describe('on a double: the state of instances', () => {
  it('critical ones are left out of lookups, watches and the list; services of others are found', async () => {
    const registry = client();
    double.plant({ ID: 'greeter-1', Service: 'greeter' });
    double.plant({ ID: 'greeter-2', Service: 'greeter' }, 'critical');
    double.plant({ ID: 'mailer-1', Service: 'mailer' }, 'critical');
    expect(await ids(registry)).toEqual(['greeter-1']);
    expect(await registry.list()).toEqual(['greeter']);
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual(['greeter-1']), within(5));
    double.plant({ ID: 'greeter-1', Service: 'greeter' }, 'critical');
    await eventually(() => expect(set.ids).toEqual([]), within(5));
  });

  it('an agent that forgot an entry is told of it again within 5 s, and no watch sees it go', async () => {
    const registry = client();
    const set = watched(registry);
    const lease = await registry.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
    const states: LeaseState[] = [];
    lease.onChange((state) => void states.push(state));
    await eventually(() => expect(set.ids).toEqual(['n1']), within(5));
    double.wipe();
    await eventually(() => expect(states).toEqual(['lost', 'held']), within(5));
    expect(await ids(registry)).toEqual(['n1']);
    expect(
      set.sets.slice(set.sets.findIndex((found) => found.includes('n1'))).filter((found) => found.length === 0),
    ).toEqual([]);
  });
});

describe('on a double: the index', () => {
  it('going backwards begins anew, keeps missing nodes for the grace, and then gives them up', async () => {
    // Consul lets a query that asks for an index of before wait its whole time.
    const registry = client({ restoreGraceMs: 1_000, waitMs: 1_000 });
    double.plant({ ID: 'greeter-1', Service: 'greeter' });
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual(['greeter-1']), within(5));
    const wipedAt = performance.now();
    double.wipe();
    double.plant({ ID: 'greeter-2', Service: 'greeter' });
    await eventually(() => expect(set.ids).toEqual(['greeter-1', 'greeter-2']), within(5));
    await eventually(() => expect(set.ids).toEqual(['greeter-2']), within(5));
    expect(performance.now() - wipedAt).toBeGreaterThan(900);
    double.plant({ ID: 'greeter-3', Service: 'greeter' });
    await eventually(() => expect(set.ids).toEqual(['greeter-2', 'greeter-3']), within(5));
    expect(set.errors).toEqual([]);
  });

  it('that is always the same at once is not asked for without pause, and one that is missing is an error', async () => {
    const registry = client();
    let asked = 0;
    double.intercept = (_request, response) => {
      asked += 1;
      response.setHeader('x-consul-index', '0').end('null');
      return true;
    };
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual([]), within(5));
    await pastTime(1_500);
    expect(asked).toBeLessThan(4);
    expect(set.sets).toEqual([[]]);
    double.intercept = always((_request, response) => response.end('[]'));
    await eventually(() => expect(set.errors[0]?.message).toMatch(/X-Consul-Index/), within(5));
  });
});

describe('on a double: bad answers', () => {
  const answers: readonly [string, string, Answer][] = [
    [
      'a page of HTML',
      'Unavailable',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    ],
    ['a redirect', 'Unavailable', (_, response) => response.writeHead(301, { location: 'http://127.0.0.1:1/' }).end()],
    ['status 500', 'Unavailable', (_, response) => response.writeHead(500).end('No cluster leader')],
    ['status 429', 'Unavailable', (_, response) => response.writeHead(429).end()],
    ['another shape', 'Unavailable', (_, response) => response.setHeader('x-consul-index', '7').end('{"a":1}')],
    ['a broken body', 'Unavailable', (_, response) => response.setHeader('x-consul-index', '7').end('[{')],
    [
      'a giant body',
      'ResourceExhausted',
      (_, response) => response.setHeader('x-consul-index', '7').end(`"${'x'.repeat(100_000)}"`),
    ],
    ['silence', 'Unavailable', () => undefined],
  ];

  it.each(answers)('%s is %s', async (_name, code, answer) => {
    const registry = client({ maxAnswerBytes: 65_536, callTimeoutMs: 300 });
    double.intercept = always(answer);
    await expect(registry.lookup('greeter')).rejects.toMatchObject({ code, executed: 'no' });
    await expect(registry.list()).rejects.toMatchObject({ code });
    const set = watched(registry);
    await eventually(() => expect(set.errors[0]?.code).toBe(code), within(5));
    double.intercept = undefined;
    await registry.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
    await eventually(() => expect(set.ids).toEqual(['n1']), within(10));
    expect(set.sets).toEqual([['n1']]);
  });

  it('a name that does not resolve is Unavailable', async () => {
    const registry = client({ endpoint: 'no-such-host.invalid:8500' });
    await expect(registry.lookup('greeter')).rejects.toMatchObject({ code: 'Unavailable' });
    expect(registry.trouble?.code).toBe('Unavailable');
  });

  it('instances that cannot be used are left out with one warning, null stands for empty, and the good ones work', async () => {
    const warned: unknown[] = [];
    const logger: Logger = Object.assign(silentLogger(), {
      warn: (_message: string, fields?: Readonly<Record<string, unknown>>) => void warned.push(fields?.['count']),
    });
    const registry = client({}, logger);
    double.plant({ ID: 'greeter-0', Service: 'greeter', Tags: null, Meta: null });
    double.plant({ ID: 'greeter-1', Service: 'greeter', Tags: ['v-789c00'] });
    double.plant({ ID: 'greeter-2', Service: 'greeter', Tags: ['t={"__proto__":"p","toString":"t"}', 't={"a":7}'] });
    double.plant({ ID: 'greeter-3', Service: 'greeter', Tags: ['e=[not JSON'] });
    double.plant({ ID: 'greeter-4', Service: 'greeter', Tags: { a: 1 }, Address: '', Port: 'x' });
    double.plant({ ID: '\u0000', Service: 'greeter' });
    double.plant({ ID: 'greeter-5', Service: 'greeter', Tags: [`v=${'x'.repeat(1_048_576)}`] });
    double.plant({ ID: 'greeter-6', Service: 'greeter', Tags: ['t={"__proto__":"p"}'] });
    await registry.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
    for (let time = 0; time < 3; time += 1) {
      const found = await ids(registry);
      expect(found.filter((id) => ['greeter-0', 'greeter-6', 'n1'].includes(id)).sort()).toEqual([
        'greeter-0',
        'greeter-6',
        'n1',
      ]);
      expect(found).not.toEqual(expect.arrayContaining(['greeter-1']));
    }
    expect(warned).toHaveLength(1);
    expect(Reflect.get({}, 'p')).toBeUndefined();
  });

  it('10,000 instances are one set', async () => {
    const registry = client();
    const instances = Array.from({ length: 10_000 }, (_, index) => ({
      Node: { Node: `m${index % 50}`, Address: '10.0.0.1' },
      Service: {
        ID: `greeter-${index}`,
        Service: 'greeter',
        Address: '10.0.0.1',
        Port: 1_000 + index,
        Tags: ['v=1.0.0'],
      },
      Checks: null,
    }));
    double.intercept = always((_request, response) =>
      response.setHeader('x-consul-index', '7').end(JSON.stringify(instances)),
    );
    expect(await ids(registry)).toHaveLength(10_000);
  });
});

describe('on a double: cut off', () => {
  it('without a leader a registration is refused and nothing of it stays, and lookups are refused, but stale ones', async () => {
    const strong = client({ consistency: 'consistent', callTimeoutMs: 500 });
    const usual = client({ callTimeoutMs: 500 });
    const stale = client({ consistency: 'stale' });
    await usual.register(recordOf('greeter', 'n1'), { ttlMs: 60_000 });
    const set = watched(stale);
    await eventually(() => expect(set.ids).toEqual(['n1']), within(5));
    double.isLeaderless = true;
    await expect(usual.register(recordOf('greeter', 'n2'), { ttlMs: 60_000 })).rejects.toMatchObject({
      code: 'Unavailable',
    });
    for (const registry of [strong, usual]) {
      await expect(registry.lookup('greeter')).rejects.toMatchObject({ code: 'Unavailable' });
      await expect(registry.start(new AbortController().signal)).rejects.toMatchObject({ code: 'Unavailable' });
    }
    double.plant({ ID: 'greeter-3', Service: 'greeter' });
    expect(await ids(stale)).toEqual(['n1']);
    double.electLeader();
    const healedAt = performance.now();
    await eventually(() => expect(set.ids).toEqual(['greeter-3', 'n1']), within(5));
    await eventually(async () => expect(await ids(strong)).toEqual(['greeter-3', 'n1']), within(5));
    expect(performance.now() - healedAt).toBeLessThan(5_000);
  });

  it('what each mode promises stands in its capabilities', () => {
    const lookup = (consistency: 'default' | 'consistent' | 'stale') =>
      client({ consistency }).capabilities.consistency.lookup;
    expect(lookup('default')).toEqual({ level: 'eventual', whenCutOff: 'refuses' });
    expect(lookup('consistent')).toEqual({ level: 'strong', whenCutOff: 'refuses' });
    expect(lookup('stale')).toEqual({ level: 'eventual', whenCutOff: 'answers' });
  });

  it('an outage within the grace of another one tells no set, and the grace begins anew after it', async () => {
    const registry = client({ restoreGraceMs: 1_000, watchBackoff: { baseMs: 50, maxMs: 100 } });
    double.plant({ ID: 'greeter-1', Service: 'greeter' });
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual(['greeter-1']), within(5));
    await double.kill();
    await eventually(() => expect(set.errors).toHaveLength(1), within(5));
    double.wipe();
    double.plant({ ID: 'greeter-2', Service: 'greeter' });
    await double.restart();
    await eventually(() => expect(set.ids).toEqual(['greeter-1', 'greeter-2']), within(5));
    await double.kill();
    await eventually(() => expect(set.errors).toHaveLength(2), within(5));
    const before = set.sets.length;
    await pastTime(1_200);
    expect(set.sets).toHaveLength(before);
    await double.restart();
    const both = ['greeter-1', 'greeter-2'];
    await eventually(() => expect(set.sets.slice(before)).toEqual([both, ['greeter-2']]), within(5));
  });

  it('an agent that was restarted shows who registered a moment before, but nobody whose time was over', async () => {
    const proxy = await TcpProxy.to(double.port);
    cleanups.push(() => proxy.close());
    const service = client({ endpoint: proxy.endpoint });
    await service.register(recordOf('greeter', 'n1'), { ttlMs: 60_000 });
    await service.register(recordOf('greeter', 'n2'), { ttlMs: 1_000 });
    // From here on nobody renews.
    proxy.cut();
    await double.kill();
    await pastTime(1_100);
    await double.restart();
    const observer = client();
    expect(await ids(observer)).toEqual(['n1']);
    const set = watched(observer);
    await eventually(() => expect(set.sets).toEqual([['n1']]), within(5));
  });

  it('a connection that is half open is noticed after the wait, and the set is whole again afterwards', async () => {
    const proxy = await TcpProxy.to(double.port);
    cleanups.push(() => proxy.close());
    const registry = client({ endpoint: proxy.endpoint, waitMs: 1_000, callTimeoutMs: 500 });
    double.plant({ ID: 'greeter-1', Service: 'greeter' });
    const set = watched(registry);
    await eventually(() => expect(set.ids).toEqual(['greeter-1']), within(5));
    proxy.freeze();
    await eventually(() => expect(set.errors).toHaveLength(1), within(5));
    double.plant({ ID: 'greeter-2', Service: 'greeter' });
    proxy.heal();
    await eventually(() => expect(set.ids).toEqual(['greeter-1', 'greeter-2']), within(10));
    expect(set.errors).toHaveLength(1);
  });

  it('a service that was paused beyond its time to live says that it lost its entry, and has it again', async () => {
    const registry = client();
    const lease = await registry.register(recordOf('greeter', 'n1'), { ttlMs: 1_000 });
    const states: LeaseState[] = [];
    lease.onChange((state) => void states.push(state));
    const end = performance.now() + 1_500;
    while (performance.now() < end);
    await eventually(() => expect(states).toEqual(['lost', 'held']), within(5));
    expect(await ids(registry)).toEqual(['n1']);
  });
});
