import type { Registry, RegistryEvent } from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { type StaticFleet, type StaticRegistryOptions, staticRegistry } from '../src/index.js';

function made(fleet: StaticFleet, options: StaticRegistryOptions = {}): Registry {
  return (staticRegistry(fleet, options).create as () => Registry)();
}

const fleet: StaticFleet = {
  mailer: [{ address: 'mail-1:9000', id: 'm1', version: '2.0.0', metadata: { zone: 'a' } }, 'mail-2:9000'],
  greeter: ['10.0.0.5:8080', '[::1]:8080'],
  nobody: [],
};

describe('a list of nodes', () => {
  test('is found by service, grouped by version, with the services that have a node', async () => {
    const registry = made(fleet);
    expect(await registry.list()).toEqual(['greeter', 'mailer']);
    const [newest, latest] = await registry.lookup('mailer');
    expect([newest?.version, newest?.nodes]).toEqual([
      '2.0.0',
      [{ id: 'm1', address: 'mail-1:9000', metadata: { zone: 'a', 'tenon-protocols': 'tenon/1,http' } }],
    ]);
    expect([latest?.version, latest?.nodes[0]?.id]).toEqual(['latest', 'mail-2:9000']);
    expect(await registry.lookup('nobody')).toEqual([]);
  });

  test('says what its nodes speak, unless they say so themselves', async () => {
    const grpc = { address: 'a:1', metadata: { protocol: 'grpc' } };
    const [record] = await made({ greeter: ['b:1', grpc] }, { protocols: ['http'] }).lookup('greeter');
    expect(record?.nodes.map(({ metadata }) => metadata)).toEqual([
      { 'tenon-protocols': 'http' },
      { protocol: 'grpc' },
    ]);
  });

  test('is copied: what becomes of the list afterwards changes nothing', async () => {
    const changing: Record<string, string[]> = { greeter: ['a:1'] };
    const registry = made(changing);
    changing['greeter']?.push('b:1');
    const [record] = await registry.lookup('greeter');
    expect(record?.nodes.length).toBe(1);
    expect(Object.isFrozen(record?.nodes[0]?.metadata)).toBe(true);
  });

  test('is the only event of a watch, which ends with its signal and with the registry', async () => {
    const registry = made(fleet);
    const abort = new AbortController();
    const [one, other] = [registry.watch('greeter', { signal: abort.signal }), registry.watch('nobody')];
    const [first, second] = [one[Symbol.asyncIterator](), other[Symbol.asyncIterator]()];
    const idsIn = (event: RegistryEvent) =>
      event.kind === 'set' ? event.records.flatMap(({ nodes }) => nodes.map(({ id }) => id)) : event;
    expect(idsIn((await first.next()).value)).toEqual(['10.0.0.5:8080', '[::1]:8080']);
    expect(idsIn((await second.next()).value)).toEqual([]);
    abort.abort();
    expect((await first.next()).done).toBe(true);
    const end = second.next();
    await registry.close();
    expect((await end).done).toBe(true);
  });

  test.each<[string, unknown, string]>([
    ['no list', { greeter: 'a:1' }, 'the nodes of "greeter" are no list'],
    ['no port', { greeter: ['a:1', 'b'] }, 'node 2 of "greeter" has the address "b"; it must be host:port'],
    ['null', { greeter: [null] }, 'node 1 of "greeter" has the address undefined'],
    ['a wrong version', { greeter: [{ address: 'a:1', version: 1 }] }, 'node 1 of "greeter" has the version 1'],
    ['a wrong label', { greeter: [{ address: 'a:1', metadata: { zone: 1 } }] }, 'has metadata "zone" that is no text'],
    ['an empty id', { greeter: [{ address: 'a:1', id: '' }] }, 'node 1 of "greeter" has the id ""'],
    ['a node twice', { greeter: ['a:1', 'a:1'] }, 'two nodes of "greeter" have the id "a:1"'],
    ['a name with a line break', { 'a\nb': ['a:1'] }, 'is no name of a service'],
  ])('with %s is refused when it is given', (_name, list, message) => {
    expect(() => staticRegistry(list as StaticFleet)).toThrow(message);
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

  test('of a listed address is held, and changes nothing', async () => {
    const registry = made(fleet);
    const lease = await registry.register(record('10.0.0.5:8080'), { ttlMs: 15_000 });
    expect(lease.state).toBe('held');
    await lease.release();
    expect((await registry.lookup('greeter'))[0]?.nodes.length).toBe(2);
  });

  test('of any other is refused, because nobody would find it', async () => {
    const attempt = made(fleet).register(record('10.0.0.9:8080'), { ttlMs: 15_000 });
    await expect(attempt).rejects.toMatchObject({ code: 'FailedPrecondition', executed: 'no' });
  });

  test('of any other is held where the option says so', async () => {
    const registry = made(fleet, { registrations: 'any' });
    expect((await registry.register(record('10.0.0.9:8080'), { ttlMs: 15_000 })).state).toBe('held');
    expect(() => staticRegistry(fleet, { registrations: 'no' as never })).toThrow(
      'staticRegistry.registrations is "no"',
    );
  });
});

test('its consistency is weak and never refused: there is nothing to be cut off from', async () => {
  const { capabilities } = made(fleet);
  expect(capabilities.expires).toBe(false);
  for (const promise of Object.values(capabilities.consistency))
    expect(promise).toEqual({ level: 'weak', whenCutOff: 'answers' });
});

test('after close everything is refused', async () => {
  const registry = made(fleet);
  await registry.close();
  await registry.close();
  await expect(registry.lookup('greeter')).rejects.toMatchObject({ code: 'FailedPrecondition' });
  expect(registry.trouble).toMatchObject({ code: 'FailedPrecondition' });
});
