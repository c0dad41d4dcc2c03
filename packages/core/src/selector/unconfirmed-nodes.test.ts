import { type Candidate, type OutcomeKind, type ServiceRecord } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test } from 'vitest';
import { FedRegistry } from '../../test/fed-registry.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { ServiceNodes } from './service-nodes.js';

async function setUp(ids: string, doubtMs = 60_000) {
  const [clock, logger, registry] = [new FakeClock(), new RecordingLogger(), new FedRegistry()];
  const nodes = new ServiceNodes('greeter', { registry, clock, logger, doubtMs, know: (set) => set });
  const known = (): string => (nodes.candidates ?? []).map(({ node }) => node.id).join('');
  /** What the registry says from now on; gives the nodes that are then in use. */
  const list = async (listed: string): Promise<string> => {
    registry.set('greeter', { kind: 'set', records: [recordOf(listed)] });
    await clock.advance(0);
    return known();
  };
  const report = (id: string, kind: OutcomeKind): string => {
    const candidate = nodes.candidates?.find(({ node }) => node.id === id);
    nodes.report(candidate as Candidate, kind, clock.now());
    return known();
  };
  await list(ids);
  return { clock, logger, nodes, list, known, report };
}

function recordOf(ids: string): ServiceRecord {
  const nodes = [...ids].map((id) => ({ id, address: `${id}:1`, metadata: {} }));
  return { name: 'greeter', version: '1', metadata: {}, endpoints: [], nodes };
}

describe('a set that drops', () => {
  test.each([
    ['half of the nodes, or fewer, is believed', 'abcd', 'ab', 'ab'],
    ['more than half of the nodes is doubted', 'abcd', 'a', 'abcd'],
    ['all nodes is doubted', 'abcd', '', 'abcd'],
    ['the only node is doubted', 'a', '', 'a'],
    ['most nodes and brings others is doubted', 'abc', 'def', 'abcdef'],
  ])('%s', async (_what, before, listed, inUse) => {
    const { nodes, list } = await setUp(before);
    expect(await list(listed)).toBe(inUse);
    await nodes.close();
  });

  test('anything is believed with the option at 0', async () => {
    const { nodes, list, clock } = await setUp('abc', 0);
    expect([await list(''), clock.pending]).toEqual(['', 0]);
    await nodes.close();
  });

  test('all, again and again, changes nothing more', async () => {
    const { nodes, list, logger } = await setUp('abc');
    await list('');
    expect([await list(''), await list(''), logger.lines.length]).toEqual(['abc', 'abc', 1]);
    await nodes.close();
  });

  test('a confirmed minority while there is doubt is believed', async () => {
    const { nodes, list } = await setUp('abcdefg');
    expect(await list('abc')).toBe('abcdefg');
    expect(await list('ab')).toBe('abdefg');
    await nodes.close();
  });
});

describe('an unconfirmed node', () => {
  test.each(['unreachable', 'broken', 'draining'] as const)('goes at once when it is %s', async (kind) => {
    const { nodes, list, report } = await setUp('abc');
    await list('');
    expect(report('b', kind)).toBe('ac');
    await nodes.close();
  });

  test.each(['served', 'failed', 'late', 'overloaded', 'abandoned'] as const)('stays when it is %s', async (kind) => {
    const { nodes, list, report } = await setUp('abc');
    await list('');
    expect(report('b', kind)).toBe('abc');
    await nodes.close();
  });

  test('stays as long as it serves, and goes when it has not for the time of doubt', async () => {
    const { nodes, list, report, clock, known } = await setUp('abc');
    await list('');
    for (let times = 0; times < 5; times += 1) {
      await clock.advance(50_000);
      report('b', 'served');
      expect(known()).toBe(times === 0 ? 'abc' : 'b');
    }
    await clock.advance(59_999);
    expect(known()).toBe('b');
    await clock.advance(1);
    expect([known(), clock.pending]).toEqual(['', 0]);
    await nodes.close();
  });

  test('is confirmed by a set that has it, and then believed to be gone by one that has not', async () => {
    const { nodes, list, report, clock } = await setUp('abcde');
    await list('');
    expect(await list('abcde')).toBe('abcde');
    expect([report('a', 'broken'), clock.pending]).toEqual(['abcde', 0]);
    expect(await list('bcde')).toBe('bcde');
    await nodes.close();
  });
});

test('a doubt is told once when it begins, and once when it is over', async () => {
  const { nodes, list, report, clock, logger } = await setUp('abcd');
  await list('');
  await list('a');
  report('b', 'unreachable');
  expect(logger.lines).toEqual([
    {
      level: 'warn',
      message: 'the registry dropped most nodes of a service at once; they stay in use while they serve',
      fields: { service: 'greeter', dropped: 4, listed: 0 },
    },
  ]);
  await clock.advance(60_000);
  expect(logger.lines.slice(1)).toEqual([
    {
      level: 'info',
      message: 'no node of a service is in doubt any more',
      fields: { service: 'greeter', confirmed: 1, gone: 3 },
    },
  ]);
  await nodes.close();
});

test('closing ends the doubt without a word, and leaves no timer', async () => {
  const { nodes, list, clock, logger } = await setUp('abc');
  await list('');
  expect(clock.pending).toBe(1);
  await nodes.close();
  expect([clock.pending, logger.lines.length]).toEqual([0, 1]);
});

test('a set that comes as the watch is closed begins no doubt', async () => {
  const [clock, logger, registry] = [new FakeClock(), new RecordingLogger(), new FedRegistry()];
  registry.watch = async function* (_name, { signal } = {}) {
    yield { kind: 'set', records: [recordOf('abc')] };
    await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    yield { kind: 'set', records: [] };
  };
  const nodes = new ServiceNodes('greeter', { registry, clock, logger, doubtMs: 60_000, know: (set) => set });
  await clock.advance(0);
  expect(nodes.candidates).toHaveLength(3);
  await nodes.close();
  expect([clock.pending, logger.lines]).toEqual([0, []]);
});
