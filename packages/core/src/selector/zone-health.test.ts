import { type Outcome, type Selector, ServiceError, type ServiceRecord, type Strategy } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { candidatesOf, idsOf } from '../../test/candidates.js';
import { FedRegistry } from '../../test/fed-registry.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { seedMathRandom } from '../../test/seeded-random.js';
import { registrySelector } from './registry-selector.js';
import { roundRobinStrategy } from './round-robin.js';
import { zoneAwareStrategy } from './zone-aware.js';

const selectors: Selector[] = [];

beforeEach(() => seedMathRandom(11));
afterEach(async () => {
  for (const selector of selectors.splice(0)) await selector.close();
});

const served: Outcome = { elapsedMs: 1 };
const refused: Outcome = { elapsedMs: 1, error: new ServiceError('Unavailable', 'refused', { executed: 'no' }) };
const failed: Outcome = { elapsedMs: 1, error: new ServiceError('Unavailable', 'x', { answered: true }) };

/** The real selector over three zones of four nodes, seen from zone a. */
async function setUp() {
  const registry = new FedRegistry();
  const [logger, clock] = [new RecordingLogger(), new FakeClock()];
  const strategy = (zoneAwareStrategy('a', { within: roundRobinStrategy() }).create as () => Strategy)();
  const create = registrySelector().create as unknown as (...parts: unknown[]) => Selector;
  const selector = create(registry, strategy, logger, clock);
  selectors.push(selector);
  const nodes = ['a', 'b', 'c'].flatMap((zone) =>
    candidatesOf(idsOf(4, zone), { metadata: { zone } }).map(({ node }) => node),
  );
  const record: ServiceRecord = { name: 'greeter', version: '1.0.0', metadata: {}, endpoints: [], nodes };
  registry.set('greeter', { kind: 'set', records: [record] });
  await selector.select('greeter');
  const calls = async (
    outcomeOf: (id: string) => Outcome,
    times = 1_000,
  ): Promise<Readonly<Record<string, number>>> => {
    const counts: Record<string, number> = {};
    for (let call = 0; call < times; call += 1) {
      const candidate = await selector.select('greeter');
      const zone = candidate.node.metadata['zone'] ?? '';
      counts[zone] = (counts[zone] ?? 0) + 1 / times;
      // Far fewer than a hold lasts.
      if (call % 20 === 0) await clock.advance(1);
      selector.report('greeter', candidate, outcomeOf(candidate.node.id));
    }
    return counts;
  };
  return { calls, clock };
}

test('calls stay while the zone is well, leave as its nodes are ejected, and come back with them', async () => {
  const { calls, clock } = await setUp();
  const { a: before = 0 } = await calls(() => served);
  expect(before).toBeCloseTo(1);
  const gone = new Set(['a000', 'a001', 'a002']);
  const outcomeOf = (id: string) => (gone.has(id) ? refused : served);
  await calls(outcomeOf);
  const { a: during = 0 } = await calls(outcomeOf);
  // One of nine usable nodes, of which three zones should each have a third.
  expect(during).toBeGreaterThan(0.4);
  expect(during).toBeLessThan(0.53);
  await clock.advance(60_000);
  await calls(() => served);
  await clock.advance(60_000);
  await calls(() => served);
  const { a: after = 0 } = await calls(() => served);
  expect(after).toBeCloseTo(1);
});

test('where the zone is gone all calls go elsewhere, and one now and then asks whether it is back', async () => {
  const { calls } = await setUp();
  const outcomeOf = (id: string) => (id.startsWith('a') ? refused : served);
  await calls(outcomeOf);
  const { a = 0, b = 0, c = 0 } = await calls(outcomeOf);
  expect([a < 0.02, b > 0.45, c > 0.45]).toEqual([true, true, true]);
});

test('in a panic, where ejected nodes are candidates again, a zone that fails gets no more than an even share', async () => {
  const { calls } = await setUp();
  // All of the own zone and most of the next one fail: fewer than half are healthy, so all are used.
  const outcomeOf = (id: string) => (id.startsWith('a') || /^b00[0-2]/.test(id) ? failed : served);
  await calls(outcomeOf, 3_000);
  const { a = 0 } = await calls(outcomeOf, 3_000);
  expect(a).toBeLessThan(0.4);
});
