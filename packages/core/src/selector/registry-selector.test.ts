import {
  type Candidate,
  noMetadata,
  type Picker,
  type Selector,
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { failureOf } from '../../test/failure-of.js';
import { FedRegistry } from '../../test/fed-registry.js';
import { listenersOn } from '../../test/listeners-on.js';
import { RecordingLogger } from '../../test/recording-logger.js';
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
  const picker = vi.fn((): Picker => ({ pick, report }));
  const [logger, clock] = [new RecordingLogger(), new FakeClock()];
  const create = registrySelector().create as unknown as (...parts: unknown[]) => Selector;
  const selector = create(registry, { picker }, logger, clock);
  selectors.push(selector);
  return { registry, pick, report, picker, selector, logger, clock };
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

  test('among nodes that are well reads no clock, and hands on the set as it is', async () => {
    const { registry, pick, report, selector, clock } = setUp();
    registry.set('greeter', { kind: 'set', records: [recordOf('greeter', '1.0.0', 'a', 'b', 'c')] });
    const candidate = await selector.select('greeter');
    const now = vi.spyOn(clock, 'now');
    for (let call = 0; call < 20; call += 1) {
      expect(selector.select('greeter')).toBe(candidate);
      selector.report('greeter', candidate, { elapsedMs: 1, endedAt: 1_000 });
    }
    expect([now.mock.calls.length, report.mock.calls.length]).toEqual([0, 20]);
    expect(new Set(pick.mock.calls.map(([candidates]) => candidates)).size).toBe(1);
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

describe('waiting until a node is there', () => {
  const patient = { waitForReady: true } as const;
  const outcomeOf = async (work: Candidate | Promise<Candidate>): Promise<string> => (await work).node.id;

  test('goes on through empty sets, filters that leave none and a registry that is away', async () => {
    const { registry, pick, selector } = setUp();
    const any = outcomeOf(selector.select('greeter', patient));
    const second = outcomeOf(selector.select('greeter', { ...patient, filters: [byVersion('2.0.0')] }));
    registry.lose();
    await turn();
    registry.set('greeter', { kind: 'set', records: [] });
    await turn();
    expect(pick).not.toHaveBeenCalled();
    registry.set('greeter', { kind: 'set', records: [recordOf('greeter', '1.0.0', 'a')] });
    expect(await any).toBe('a');
    const late = outcomeOf(selector.select('greeter', { ...patient, filters: [byVersion('2.0.0')] }));
    const records = [recordOf('greeter', '1.0.0', 'a'), recordOf('greeter', '2.0.0', 'b')];
    registry.set('greeter', { kind: 'set', records });
    expect([await second, await late]).toEqual(['b', 'b']);
    expect(pick).toHaveBeenCalledTimes(3);
  });

  test('asks its filters once for each set, and nothing in between', async () => {
    const { registry, selector } = setUp();
    const filter = vi.fn(byVersion('2.0.0'));
    const waiting = outcomeOf(selector.select('greeter', { ...patient, filters: [filter] }));
    registry.set('greeter', { kind: 'set', records: [recordOf('greeter', '1.0.0', 'a')] });
    for (let times = 0; times < 20; times += 1) await turn();
    // Once before the first set, which is empty, and once for it.
    expect(filter).toHaveBeenCalledTimes(2);
    registry.set('greeter', { kind: 'set', records: [recordOf('greeter', '2.0.0', 'b')] });
    expect(await waiting).toBe('b');
  });

  test('is no waiting where a node is known: at once, and exclusion is the caller’s own', async () => {
    const { registry, selector } = setUp();
    registry.set('greeter', { kind: 'set', records: [recordOf('greeter', '1.0.0', 'a')] });
    await selector.select('greeter');
    const signal = vi.fn();
    const options = Object.defineProperty({ ...patient }, 'signal', { get: signal });
    expect(selector.select('greeter', options)).toMatchObject({ node: { id: 'a' } });
    expect(signal).not.toHaveBeenCalled();
    const failure = failureOf(() => selector.select('greeter', { ...patient, exclude: new Set(['a']) }));
    expect(await failure).toMatchObject({ code: 'Unavailable', executed: 'no' });
  });

  test('ends by its signal, in which nothing is left, and with the selector', async () => {
    const { selector } = setUp();
    const stop = new AbortController();
    const aborted = failureOf(async () => selector.select('greeter', { ...patient, signal: stop.signal }));
    expect(listenersOn(stop.signal)).toBe(1);
    stop.abort();
    expect(await aborted).toMatchObject({ code: 'Canceled', executed: 'no' });
    expect(listenersOn(stop.signal)).toBe(0);
    const waiting = failureOf(async () => selector.select('greeter', patient));
    await selector.close();
    expect(await waiting).toMatchObject({ code: 'Unavailable', executed: 'no' });
  });
});

describe('a strategy that throws', () => {
  test('fails that call alone, which was not executed, and is logged', async () => {
    const { registry, pick, selector, logger } = setUp();
    registry.set('greeter', { kind: 'set', records: [recordOf('greeter', '1.0.0', 'a')] });
    await selector.select('greeter');
    const error = new TypeError('odd');
    pick.mockImplementationOnce(() => {
      throw error;
    });
    expect(await failureOf(() => selector.select('greeter'))).toMatchObject({
      code: 'Internal',
      executed: 'no',
      service: 'greeter',
      rawMessage: 'the strategy could not choose a node of "greeter"',
      cause: error,
    });
    expect(logger.lines).toEqual([
      { level: 'error', message: 'a strategy threw', fields: { service: 'greeter', error } },
    ]);
    expect(selector.select('greeter')).toMatchObject({ node: { id: 'a' } });
  });

  test('as it gets the one node that is to be probed leaves the probe to the next call', async () => {
    const { registry, pick, selector, clock } = setUp();
    registry.set('greeter', { kind: 'set', records: [recordOf('greeter', '1.0.0', 'a', 'b')] });
    const candidate = await selector.select('greeter');
    const error = new ServiceError('Unavailable', 'refused', { executed: 'no' });
    selector.report('greeter', candidate, { elapsedMs: 1, error });
    expect(selector.select('greeter')).toMatchObject({ node: { id: 'b' } });
    await clock.advance(1_000);
    pick.mockImplementationOnce(() => {
      throw new TypeError('odd');
    });
    expect(await failureOf(() => selector.select('greeter'))).toMatchObject({ code: 'Internal' });
    expect(selector.select('greeter')).toMatchObject({ node: { id: 'a' } });
    expect(selector.select('greeter')).toMatchObject({ node: { id: 'b' } });
  });

  test('as it learns of an outcome, or is made, disturbs nobody either', async () => {
    const { registry, report, picker, selector, logger } = setUp();
    picker.mockImplementationOnce(() => {
      throw new TypeError('odd');
    });
    expect(await failureOf(() => selector.select('greeter'))).toMatchObject({ code: 'Internal', executed: 'no' });
    registry.set('greeter', { kind: 'set', records: [recordOf('greeter', '1.0.0', 'a')] });
    const candidate = await selector.select('greeter');
    report.mockImplementationOnce(() => {
      throw new TypeError('odd');
    });
    selector.report('greeter', candidate, { elapsedMs: 1 });
    expect(logger.lines.map(({ message }) => message)).toEqual(['a strategy threw', 'a strategy threw']);
  });
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

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function contextOf(): CallContext {
  const [service, endpoint, deadline, clock] = ['greeter', 'Greeter.Hello', 1_000, new FakeClock()] as const;
  return new CallContext({ service, endpoint, metadata: noMetadata, deadline, peer: undefined, node: 'n1', clock });
}
