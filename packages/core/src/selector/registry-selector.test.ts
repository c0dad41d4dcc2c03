import { type Candidate, noMetadata, type Selector, type ServiceRecord, type Strategy } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { FakeClock } from '@tenon/testing/fake-clock';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { failureOf } from '../../test/failure-of.js';
import { FedRegistry } from '../../test/fed-registry.js';
import { CallContext, currentCall, runInContext } from '../context/index.js';
import { byVersion } from './filters.js';
import { registrySelector } from './registry-selector.js';

const selectors: Selector[] = [];

afterEach(async () => {
  for (const selector of selectors.splice(0)) await selector.close();
});

function setUp() {
  const registry = new FedRegistry();
  const pick = vi.fn((candidates: readonly Candidate[]) => candidates[0] as Candidate);
  const report = vi.fn();
  const picker = vi.fn(() => ({ pick, report }));
  const create = registrySelector().create as unknown as (...parts: unknown[]) => Selector;
  const selector = create(registry, { picker } satisfies Strategy, silentLogger());
  selectors.push(selector);
  return { registry, pick, report, picker, selector };
}

const recordOf = (service: string, version: string, ...ids: string[]): ServiceRecord => ({
  name: service,
  version,
  metadata: noMetadata,
  endpoints: [],
  nodes: ids.map((id) => ({ id, address: `${id}:1`, metadata: noMetadata })),
});

describe('selecting', () => {
  test('waits for the first set and is then at once, by one watch and one picker for each service', async () => {
    const { registry, picker, selector } = setUp();
    const first = selector.select('greeter');
    registry.set('greeter', { kind: 'set', records: [recordOf('greeter', '1.0.0', 'a')] });
    expect(await first).toMatchObject({ node: { id: 'a' } });
    expect(selector.select('greeter')).toMatchObject({ node: { id: 'a' } });
    expect([registry.watching('greeter'), picker.mock.calls]).toEqual([1, [['greeter']]]);
  });

  test('hands the strategy what filters and exclusion leave, and the key', async () => {
    const { registry, pick, selector } = setUp();
    const records = [recordOf('greeter', '1.0.0', 'a'), recordOf('greeter', '2.0.0', 'b', 'c')];
    registry.set('greeter', { kind: 'set', records });
    await selector.select('greeter', { filters: [byVersion('2.0.0')], exclude: new Set(['b']), key: 'k' });
    expect(pick.mock.calls).toEqual([[[expect.objectContaining({ node: records[1]?.nodes[1] })], 'k']]);
  });

  test.each([
    ['no node', {}, [], 'no node of "greeter": no node of it is registered'],
    [
      'filters that leave none',
      { filters: [byVersion('3.0.0')] },
      [recordOf('greeter', '1.0.0', 'a', 'b')],
      'no node of "greeter": the filters leave none of its 2 nodes',
    ],
    [
      'all excluded',
      { exclude: new Set(['a', 'b']) },
      [recordOf('greeter', '1.0.0', 'a', 'b')],
      'no node of "greeter": all that are left are excluded, because they failed this call',
    ],
  ])('with %s says which it was', async (_what, options, records, rawMessage) => {
    const { registry, pick, selector } = setUp();
    registry.set('greeter', { kind: 'set', records });
    expect(await failureOf(async () => selector.select('greeter', options))).toMatchObject({
      code: 'Unavailable',
      executed: 'no',
      service: 'greeter',
      rawMessage,
    });
    expect(pick).not.toHaveBeenCalled();
  });

  test('begins its watch outside of the call that was the first to need it', async () => {
    const { registry, selector } = setUp();
    const seen: unknown[] = [];
    const watch = registry.watch.bind(registry);
    registry.watch = (...parameters) => {
      seen.push(currentCall());
      return watch(...parameters);
    };
    registry.set('greeter', { kind: 'set', records: [recordOf('greeter', '1.0.0', 'a')] });
    await runInContext(contextOf(), () => selector.select('greeter'));
    expect(seen).toEqual([undefined]);
  });
});

test('an outcome is told to the picker of its service, and to nobody where there is none', async () => {
  const { registry, report, selector } = setUp();
  registry.set('greeter', { kind: 'set', records: [recordOf('greeter', '1.0.0', 'a')] });
  const candidate = await selector.select('greeter');
  selector.report('greeter', candidate, { elapsedMs: 7 });
  selector.report('other', candidate, { elapsedMs: 7 });
  expect(report.mock.calls).toEqual([[candidate, { elapsedMs: 7 }]]);
});

describe('services that nobody serves', () => {
  test('are not watched for good, however many are asked for; those that are served are', async () => {
    const { registry, selector } = setUp();
    registry.set('greeter', { kind: 'set', records: [recordOf('greeter', '1.0.0', 'a')] });
    await selector.select('greeter');
    const names = Array.from({ length: 300 }, (_, index) => `unknown-${index}`);
    for (const name of names) {
      registry.set(name, { kind: 'set', records: [] });
      await failureOf(async () => selector.select(name));
    }
    const watched = names.filter((name) => registry.watching(name) > 0);
    expect([watched.length, watched[0]]).toEqual([256, 'unknown-44']);
    expect(registry.watching('greeter')).toBe(1);
    // One that was forgotten and appears is found as ever.
    registry.set('unknown-0', { kind: 'set', records: [recordOf('unknown-0', '1.0.0', 'b')] });
    expect(await selector.select('unknown-0')).toMatchObject({ node: { id: 'b' } });
  });

  test('are found as ever after they were forgotten, also the one that was asked for last', async () => {
    const { registry, selector } = setUp();
    const ask = (name: string): Promise<unknown> => {
      registry.set(name, { kind: 'set', records: [] });
      return failureOf(async () => selector.select(name));
    };
    for (let index = 0; index < 256; index += 1) await ask(`unknown-${index}`);
    await ask('unknown-0');
    await ask('one-more');
    expect(registry.watching('unknown-0')).toBe(0);
    registry.set('unknown-0', { kind: 'set', records: [recordOf('unknown-0', '1.0.0', 'b')] });
    expect(await selector.select('unknown-0')).toMatchObject({ node: { id: 'b' } });
  });

  test('are not forgotten while somebody waits for them', async () => {
    const { registry, selector } = setUp();
    const waiting = Array.from({ length: 300 }, (_, index) => selector.select(`slow-${index}`));
    for (let index = 0; index < 300; index += 1) {
      const name = `slow-${index}`;
      expect(registry.watching(name)).toBe(1);
      registry.set(name, { kind: 'set', records: [recordOf(name, '1.0.0', 'a')] });
    }
    expect(await Promise.all(waiting)).toHaveLength(300);
  });
});

test('closing ends every watch and every wait, twice is fine, and later selects are refused', async () => {
  const { registry, selector } = setUp();
  registry.set('greeter', { kind: 'set', records: [recordOf('greeter', '1.0.0', 'a')] });
  await selector.select('greeter');
  const waiting = failureOf(async () => selector.select('slow'));
  await selector.close();
  await selector.close();
  expect(await waiting).toMatchObject({ code: 'Unavailable', executed: 'no' });
  expect([registry.watching('greeter'), registry.watching('slow')]).toEqual([0, 0]);
  expect(await failureOf(() => selector.select('greeter'))).toMatchObject({
    code: 'FailedPrecondition',
    executed: 'no',
    service: 'greeter',
  });
});

function contextOf(): CallContext {
  const [service, endpoint, deadline, clock] = ['greeter', 'Greeter.Hello', 1_000, new FakeClock()] as const;
  return new CallContext({ service, endpoint, metadata: noMetadata, deadline, peer: undefined, node: 'n1', clock });
}
