import type { Registry, RegistryEvent, ServiceRecord } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../../test/failure-of.js';
import { FedRegistry } from '../../test/fed-registry.js';
import { listenersOn } from '../../test/listeners-on.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { ServiceNodes } from './service-nodes.js';

function setUp(registry: Registry = new FedRegistry()) {
  const [logger, clock] = [new RecordingLogger(), new FakeClock()];
  const nodes = new ServiceNodes('greeter', { registry, clock, logger, doubtMs: 60_000, know: (set) => set });
  return { logger, clock, nodes, registry: registry as FedRegistry };
}

const recordOf = (version: string, ...ids: string[]): ServiceRecord => ({
  name: 'greeter',
  version,
  metadata: {},
  endpoints: [],
  nodes: ids.map((id) => ({ id, address: `${id}:1`, metadata: {} })),
});
const setOf = (...records: ServiceRecord[]): RegistryEvent => ({ kind: 'set', records });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const idsOf = (nodes: ServiceNodes): readonly string[] | undefined => nodes.candidates?.map(({ node }) => node.id);

describe('the nodes', () => {
  test('are unknown before the first set, and then the newest set, in the order of ids', async () => {
    const { nodes, registry } = setUp();
    expect(nodes.candidates).toBeUndefined();
    registry.set('greeter', setOf(recordOf('1.0.0', 'c', 'a'), recordOf('2.0.0', 'b')));
    await turn();
    expect(nodes.candidates?.map(({ node, record }) => `${node.id} ${record.version}`)).toEqual([
      'a 1.0.0',
      'b 2.0.0',
      'c 1.0.0',
    ]);
    registry.set('greeter', setOf(recordOf('1.0.0', 'd', 'a'), recordOf('2.0.0', 'b')));
    await turn();
    expect(idsOf(nodes)).toEqual(['a', 'b', 'd']);
    await nodes.close();
  });

  test('stay while the registry is away, which is logged', async () => {
    const { logger, nodes, registry } = setUp();
    registry.set('greeter', setOf(recordOf('1.0.0', 'a')));
    await turn();
    registry.lose();
    await turn();
    expect([idsOf(nodes), (await nodes.first(undefined)).length]).toEqual([['a'], 1]);
    expect(logger.lines).toMatchObject([
      {
        level: 'warn',
        message: 'the registry lost sight of a service; its last known nodes stay in use',
        fields: { service: 'greeter', nodes: 1, error: { code: 'Unavailable' } },
      },
    ]);
    await nodes.close();
  });
});

describe('waiting for the first set', () => {
  test('ends with it, for all who wait', async () => {
    const { nodes, registry } = setUp();
    const waiting = [nodes.first(undefined), nodes.first(undefined)];
    registry.set('greeter', setOf(recordOf('1.0.0', 'a')));
    expect((await Promise.all(waiting)).map((candidates) => candidates.length)).toEqual([1, 1]);
    await nodes.close();
  });

  test('ends where the registry cannot tell, at once while it cannot, and works again when it can', async () => {
    const { nodes, registry } = setUp();
    const waiting = failureOf(nodes.first(undefined));
    await turn();
    registry.lose();
    const failure = {
      code: 'Unavailable',
      executed: 'no',
      service: 'greeter',
      rawMessage: 'the registry cannot tell the nodes of "greeter": the registry is away',
    };
    expect(await waiting).toMatchObject(failure);
    expect(await failureOf(nodes.first(undefined))).toMatchObject(failure);
    registry.set('greeter', setOf(recordOf('1.0.0', 'a')));
    await turn();
    expect(await nodes.first(undefined)).toHaveLength(1);
    await nodes.close();
  });

  test('ends by its signal, and leaves nothing in the signal or here', async () => {
    const { nodes } = setUp();
    const stop = new AbortController();
    const waiting = failureOf(nodes.first(stop.signal));
    expect([nodes.idle, listenersOn(stop.signal)]).toEqual([false, 1]);
    stop.abort('enough');
    expect(await waiting).toMatchObject({ code: 'Canceled', executed: 'no', service: 'greeter', cause: 'enough' });
    expect([nodes.idle, listenersOn(stop.signal)]).toEqual([true, 0]);
    expect(await failureOf(nodes.first(stop.signal))).toMatchObject({ code: 'Canceled' });
    expect([nodes.idle, listenersOn(stop.signal)]).toEqual([true, 0]);
    await nodes.close();
  });

  test('leaves nothing in the signal where the set comes', async () => {
    const { nodes, registry } = setUp();
    const { signal } = new AbortController();
    const waiting = nodes.first(signal);
    registry.set('greeter', setOf());
    await waiting;
    expect(listenersOn(signal)).toBe(0);
    await nodes.close();
  });
});

describe('waiting for the next set', () => {
  test('goes on while the registry cannot tell', async () => {
    const { nodes, registry } = setUp();
    let sets = 0;
    const waiting = nodes.next(undefined).then(() => {
      sets += 1;
    });
    await turn();
    registry.lose();
    await waiting;
    // Woken once, by the error: it is for the caller to see that there is no node yet, and to wait again.
    expect([sets, nodes.candidates]).toEqual([1, undefined]);
    const again = nodes.next(undefined);
    registry.set('greeter', setOf(recordOf('1.0.0', 'a')));
    await again;
    expect(idsOf(nodes)).toEqual(['a']);
    await nodes.close();
  });

  test('ends by its signal, and where no set can come any more', async () => {
    const { nodes, registry } = setUp();
    const stop = new AbortController();
    const aborted = failureOf(nodes.next(stop.signal));
    stop.abort();
    expect(await aborted).toMatchObject({ code: 'Canceled', executed: 'no' });
    const waiting = failureOf(nodes.next(undefined));
    await turn();
    await registry.close();
    expect(await waiting).toMatchObject({ code: 'Unavailable', executed: 'no' });
    expect(await failureOf(nodes.next(undefined))).toMatchObject({ code: 'Unavailable' });
    await nodes.close();
  });
});

describe('a watch that ends', () => {
  test('by closing ends the waiting, and the watch with it', async () => {
    const { logger, nodes, registry } = setUp();
    const waiting = failureOf(nodes.first(undefined));
    expect(registry.watching('greeter')).toBe(1);
    await nodes.close();
    await nodes.close();
    expect(await waiting).toMatchObject({ code: 'Unavailable', executed: 'no' });
    expect([registry.watching('greeter'), logger.lines]).toEqual([0, []]);
  });

  test('by itself ends the waiting', async () => {
    const { nodes, registry } = setUp();
    const waiting = failureOf(nodes.first(undefined));
    await turn();
    await registry.close();
    expect(await waiting).toMatchObject({
      code: 'Unavailable',
      rawMessage: expect.stringContaining('the registry ended the watch'),
    });
    await nodes.close();
  });

  test('by throwing, which it must not, ends the waiting and is logged', async () => {
    const error = new Error('odd');
    const registry = new FedRegistry();
    registry.watch = async function* () {
      yield* [];
      throw error;
    };
    const { logger, nodes } = setUp(registry);
    expect(await failureOf(nodes.first(undefined))).toMatchObject({
      code: 'Unavailable',
      rawMessage: expect.stringContaining('odd'),
    });
    expect(logger.lines).toEqual([
      { level: 'error', message: 'a registry watch failed', fields: { service: 'greeter', error } },
    ]);
    await nodes.close();
  });
});

test('only nodes that nobody knows of and nobody waits for are idle', async () => {
  const { nodes, registry } = setUp();
  expect(nodes.idle).toBe(true);
  const waiting = nodes.first(undefined);
  expect(nodes.idle).toBe(false);
  registry.set('greeter', setOf());
  await waiting;
  expect(nodes.idle).toBe(true);
  registry.set('greeter', setOf(recordOf('1.0.0', 'a')));
  await turn();
  expect(nodes.idle).toBe(false);
  await nodes.close();
});
