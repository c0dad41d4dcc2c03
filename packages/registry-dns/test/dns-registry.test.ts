import type { Clock, Logger, Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DnsRegistryOptions } from '../src/index.js';
import { dnsRegistry } from '../src/index.js';
import type { DnsServer } from './dns-server.js';
import { addressesOf, codeOf, registryOn, startedServer } from './fixture.js';
import { WatchReader } from './watch-reader.js';

let server: DnsServer;
const opened: Registry[] = [];

beforeEach(async () => {
  server = await startedServer();
});

afterEach(async () => {
  for (const registry of opened.splice(0)) await registry.close();
  await server.close();
});

function open(options: Partial<DnsRegistryOptions> = {}, logger?: Logger): Registry {
  const registry = registryOn(server, options, logger);
  opened.push(registry);
  return registry;
}

const name = '_greeter._tcp.shop.internal';

describe('a lookup', () => {
  test('gives a node for each target and port, in lower case, sorted', async () => {
    server.zone.set(name, [
      { target: 'B.shop.internal', port: 8080, weight: 7 },
      { target: 'a.shop.internal', port: 8080 },
      { target: 'a.shop.internal', port: 8080 },
    ]);
    const [record, ...others] = await open({ version: '1.2.0', protocols: ['http'] }).lookup('greeter');
    expect(others).toEqual([]);
    expect(record).toMatchObject({ name: 'greeter', version: '1.2.0', endpoints: [] });
    expect(record?.nodes).toEqual([
      {
        id: 'a.shop.internal:8080',
        address: 'a.shop.internal:8080',
        metadata: { 'tenon-protocols': 'http', 'srv-weight': '0' },
      },
      {
        id: 'b.shop.internal:8080',
        address: 'b.shop.internal:8080',
        metadata: { 'tenon-protocols': 'http', 'srv-weight': '7' },
      },
    ]);
  });

  test('gives the lowest priority only: the others are there for when DNS drops those', async () => {
    server.zone.set(name, [
      { target: 'spare', port: 1, priority: 20 },
      { target: 'first', port: 1, priority: 10 },
    ]);
    expect(await addressesOf(open())).toEqual(['first:1']);
  });

  test('gives nothing where DNS knows no such name, where it has no records, and for the target "."', async () => {
    server.zone.set('_mailer._tcp.shop.internal', []);
    server.zone.set('_basket._tcp.shop.internal', [{ target: '.', port: 0 }]);
    const registry = open();
    for (const service of ['greeter', 'mailer', 'basket']) expect(await registry.lookup(service), service).toEqual([]);
  });

  test('asks for the name that the options have for a service', async () => {
    server.zone.set('_grpc._tcp.greeter.svc', [{ target: 'g', port: 1 }]);
    const registry = open({ services: { greeter: '_grpc._tcp.greeter.svc', mailer: '_mailer._tcp.svc' } });
    expect([await addressesOf(registry), await registry.list()]).toEqual([['g:1'], ['greeter']]);
  });

  test('of a thousand nodes comes whole, over TCP', async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({ target: `node-${index}.shop.internal`, port: 8080 }));
    server.zone.set(name, many);
    expect((await addressesOf(open())).length).toBe(1_000);
  });

  test('skips records that lead nowhere, with one warning, and keeps the rest', async () => {
    const warnings: unknown[] = [];
    const logger: Logger = {
      debug: () => {},
      info: () => {},
      warn: (...told: unknown[]) => void warnings.push(told),
      error: () => {},
      child: () => logger,
    };
    server.zone.set(name, [
      { target: 'good', port: 1 },
      { target: 'no port', port: 1 },
      { target: 'zero', port: 0 },
    ]);
    const registry = open({}, logger);
    for (let turn = 0; turn < 3; turn += 1) expect(await addressesOf(registry)).toEqual(['good:1']);
    expect(warnings.length).toBe(1);
  });

  test('of a name that DNS cannot have finds nothing', async () => {
    const registry = open();
    for (const service of ['greeter/v2', 'grüße', 'a.b', 'x'.repeat(100)])
      expect(await registry.lookup(service), service).toEqual([]);
    expect(server.asked).toBe(0);
  });
});

test('a list is refused where nobody says what to ask for', async () => {
  expect(await codeOf(open().list())).toBe('FailedPrecondition');
});

describe('cut off', () => {
  test.each(['servfail', 'refused', 'rubbish', 'silent'] as const)(
    'by a server that answers "%s": calls are Unavailable, a watch tells it once and keeps its set, and is whole again',
    async (manner) => {
      server.zone.set(name, [{ target: 'a', port: 1 }]);
      const registry = open();
      const watch = new WatchReader(registry, 'greeter');
      expect(await watch.next()).toEqual(['a:1']);
      server.manner = manner;
      expect(await watch.next()).toBe('Unavailable');
      expect(registry.trouble?.code).toBe('Unavailable');
      const record = {
        name: 'greeter',
        version: '1',
        metadata: {},
        endpoints: [],
        nodes: [{ id: 'n', address: 'a:1', metadata: {} }],
      };
      expect(await codeOf(registry.lookup('greeter'))).toBe('Unavailable');
      expect(await codeOf(registry.register(record, { ttlMs: 15_000 }))).toBe('Unavailable');
      server.zone.set(name, [{ target: 'b', port: 1 }]);
      server.manner = 'well';
      expect(await watch.next()).toEqual(['b:1']);
      expect([registry.trouble, watch.seen]).toEqual([undefined, [['a:1'], 'Unavailable', ['b:1']]]);
      await watch.leave();
    },
  );

  test('by a server that is killed: a watch that begins meanwhile has its set when the server is back', async () => {
    server.zone.set(name, [{ target: 'a', port: 1 }]);
    await server.close();
    const registry = open();
    const watch = new WatchReader(registry, 'greeter');
    expect(await watch.next()).toBe('Unavailable');
    await server.listen();
    expect(await watch.next()).toEqual(['a:1']);
    await watch.leave();
  });
});

describe('a watch', () => {
  test('tells each change, and not the same set again', async () => {
    const registry = open();
    const watch = new WatchReader(registry, 'greeter');
    expect(await watch.next()).toEqual([]);
    server.zone.set(name, [{ target: 'a', port: 1 }]);
    expect(await watch.next()).toEqual(['a:1']);
    const asked = server.asked;
    const another = new WatchReader(registry, 'greeter');
    expect(await another.next()).toEqual(['a:1']);
    expect(server.asked - asked).toBeLessThanOrEqual(1);
    // Asked again a few times; the answer is in another order.
    while (server.asked < asked + 2) await new Promise((resolve) => setTimeout(resolve, 20));
    server.zone.set(name, [{ target: 'b', port: 1 }]);
    expect([await watch.next(), await another.next()]).toEqual([['b:1'], ['b:1']]);
    await Promise.all([watch.leave(), another.leave()]);
  });

  test('that was the last one of a service ends the asking', async () => {
    const clock = systemClock();
    let waits = 0;
    const counting: Clock = {
      now: () => clock.now(),
      wallTime: () => clock.wallTime(),
      after: (delayMs, then) => {
        waits += 1;
        const cancel = clock.after(delayMs, () => {
          waits -= 1;
          then();
        });
        return () => {
          waits -= 1;
          cancel();
        };
      },
    };
    const registry = registryOn(server, {}, silentLogger(), counting);
    opened.push(registry);
    const [watch, another] = [new WatchReader(registry, 'greeter'), new WatchReader(registry, 'greeter')];
    await Promise.all([watch.next(), another.next()]);
    await watch.leave();
    await vi.waitFor(() => expect(waits).toBe(1));
    await another.leave();
    await vi.waitFor(() => expect(waits).toBe(0));
  });
});

describe('a registration', () => {
  const record = (address: string) => ({
    name: 'greeter',
    version: '1',
    metadata: {},
    endpoints: [],
    nodes: [{ id: 'greeter-7f', address, metadata: {} }],
  });

  test('of an address that DNS lists is held; of any other it is refused', async () => {
    server.zone.set(name, [{ target: 'a.shop.internal', port: 8080 }]);
    const registry = open();
    expect((await registry.register(record('A.shop.internal:8080'), { ttlMs: 15_000 })).state).toBe('held');
    expect(await codeOf(registry.register(record('b.shop.internal:8080'), { ttlMs: 15_000 }))).toBe(
      'FailedPrecondition',
    );
  });

  test('of any is held where the option says so, without asking', async () => {
    const registry = open({ registrations: 'any' });
    expect((await registry.register(record('b:1'), { ttlMs: 15_000 })).state).toBe('held');
    expect(server.asked).toBe(0);
  });
});

test.each<[string, DnsRegistryOptions]>([
  ['dnsRegistry wants a domain', {}],
  ['dnsRegistry.domain is "a..b"', { domain: 'a..b' }],
  ['dnsRegistry.services["greeter"] is ""', { services: { greeter: '' } }],
  ['dnsRegistry.servers has "localhost"', { domain: 'a', servers: ['localhost'] }],
  ['dnsRegistry.servers is empty', { domain: 'a', servers: [] }],
  ['dnsRegistry.refreshIntervalMs is 999', { domain: 'a', refreshIntervalMs: 999 }],
  ['dnsRegistry.timeoutMs is 99', { domain: 'a', timeoutMs: 99 }],
  ['dnsRegistry.backoff.factor is 0.5', { domain: 'a', backoff: { factor: 0.5 } }],
  ['dnsRegistry.registrations is "no"', { domain: 'a', registrations: 'no' as never }],
])('%s … is refused', (message, options) => {
  expect(() => dnsRegistry(options)).toThrow(message);
});
