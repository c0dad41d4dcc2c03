import { provide, Registry, type RegistryCapabilities, ServiceError, type ServiceRecord } from '@tenon/contract';
import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import { describe, expect, test } from 'vitest';
import { type MultiOptions, multiRegistry } from '../src/index.js';
import { made } from './fixture.js';

const recordOf = (id: string, fields: Partial<ServiceRecord> = {}): ServiceRecord => ({
  name: 'greeter',
  version: '1.0.0',
  metadata: {},
  endpoints: [],
  nodes: [{ id, address: '10.0.0.1:80', metadata: {} }],
  ...fields,
});
const long = Object.freeze({ ttlMs: 60_000 });

describe('reading and writing', () => {
  test('go where they are told to', async () => {
    const stores = [new MemoryRegistryStore(), new MemoryRegistryStore()] as const;
    const [from, to] = stores.map((store) => memoryRegistry({ store })) as [
      ReturnType<typeof memoryRegistry>,
      ReturnType<typeof memoryRegistry>,
    ];
    const split = made(multiRegistry({ read: [from], write: [to] }));
    await split.register(recordOf('n1'), long);
    expect(await split.list()).toEqual([]);
    expect(stores.map((store) => store.names())).toEqual([[], ['greeter']]);
    await split.close();
    expect(stores.map((store) => store.names())).toEqual([[], []]);
  });

  test('a registry that is read and written is made once', () => {
    let count = 0;
    const inner = memoryRegistry();
    const counted = {
      ...inner,
      create: (...given: never[]) => {
        count += 1;
        return (inner.create as (...given: never[]) => Registry)(...given);
      },
    };
    made(multiRegistry(counted, memoryRegistry()));
    expect(count).toBe(1);
  });

  test('one node in both is one node, as the registry that is named first tells it', async () => {
    const stores = [new MemoryRegistryStore(), new MemoryRegistryStore()] as const;
    const both = made(multiRegistry(...stores.map((store) => memoryRegistry({ store }))));
    for (const [index, store] of stores.entries()) {
      const registry = made(memoryRegistry({ store }));
      const nodes = [{ id: 'n1', address: `10.0.0.${index}:80`, metadata: {} }];
      await registry.register(recordOf('n1', { nodes }), long);
      await registry.register(recordOf(`only-${index}`, { version: `${index}.0.0` }), long);
    }
    const found = await both.lookup('greeter');
    expect(found.map(({ version, nodes }) => [version, nodes.map(({ id, address }) => `${id} ${address}`)])).toEqual([
      ['0.0.0', ['only-0 10.0.0.1:80']],
      ['1.0.0', ['n1 10.0.0.0:80', 'only-1 10.0.0.1:80']],
    ]);
    await both.close();
    for (const store of stores) store.clear();
  });
});

describe('what is promised', () => {
  const promising = (capabilities: RegistryCapabilities) =>
    provide(Registry, [], () => Object.assign(made(memoryRegistry()), { capabilities }));
  const strong = { level: 'strong', whenCutOff: 'refuses' } as const;
  const weak = { level: 'weak', whenCutOff: 'answers' } as const;
  const cp: RegistryCapabilities = {
    expires: true,
    consistency: { register: strong, lookup: strong, cachedCall: weak },
    reach: 'machine',
  };
  const ap: RegistryCapabilities = {
    expires: false,
    consistency: { register: weak, lookup: weak, cachedCall: weak },
  };

  test('is what one registry promises, where there is one', () => {
    expect(made(multiRegistry(promising(cp))).capabilities).toEqual(cp);
  });

  test('is the weakest of several, and never strong', () => {
    const eventual = { level: 'eventual', whenCutOff: 'refuses' };
    expect(made(multiRegistry(promising(cp), promising(cp))).capabilities).toEqual({
      expires: true,
      consistency: { register: eventual, lookup: eventual, cachedCall: weak },
      reach: 'machine',
    });
    expect(made(multiRegistry(promising(cp), promising(ap))).capabilities).toEqual({
      expires: false,
      consistency: { register: weak, lookup: weak, cachedCall: weak },
      reach: 'network',
    });
  });

  test('of what is only read, nothing is asked about writing', () => {
    const { capabilities } = made(multiRegistry({ read: [promising(ap)], write: [promising(cp)] }));
    expect(capabilities).toEqual({
      expires: true,
      consistency: { register: strong, lookup: weak, cachedCall: weak },
      reach: 'machine',
    });
  });
});

test.each<readonly [string, () => unknown]>([
  ['multiRegistry.read is empty', () => multiRegistry()],
  ['multiRegistry.write is empty', () => multiRegistry({ read: [memoryRegistry()], write: [] })],
  ['is no provider', () => multiRegistry(memoryRegistry as never, memoryRegistry())],
  ['is no provider', () => multiRegistry({ read: [memoryRegistry()], write: [{}] } as unknown as MultiOptions)],
  [
    'the same registry twice',
    () => {
      const one = memoryRegistry();
      return multiRegistry(one, one);
    },
  ],
  [
    'multiRegistry.patienceMs is -1; it must be a whole number from 0 to 60000',
    () => multiRegistry({ read: [memoryRegistry()], write: [memoryRegistry()], patienceMs: -1 }),
  ],
])('%s is refused', (message, make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'InvalidArgument', message: expect.stringContaining(message) }));
});

test('a record that one registry cannot hold is refused, and stands nowhere', async () => {
  const store = new MemoryRegistryStore();
  const narrow = provide(Registry, [], () =>
    Object.assign(made(memoryRegistry()), {
      register: () => Promise.reject(new ServiceError('InvalidArgument', 'too large', { executed: 'no' })),
    }),
  );
  const both = made(multiRegistry(memoryRegistry({ store }), narrow));
  await expect(both.register(recordOf('n1'), long)).rejects.toMatchObject({ code: 'InvalidArgument' });
  await expect.poll(() => store.names()).toEqual([]);
  await both.close();
});
