import { ServiceError } from '@tenon/contract';
import { p2cStrategy, randomStrategy, roundRobinStrategy } from '@tenon/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { failing, refusing, seeded, served, Traffic } from './traffic.js';

// Shares of traffic under faults, in simulated time: what a client sees of its nodes is all that these need.
let traffic: Traffic;

beforeEach(() => void vi.spyOn(Math, 'random').mockImplementation(seeded(7)));
afterEach(async () => {
  vi.restoreAllMocks();
  await traffic.close();
});

const strategies = [
  ['p2c', p2cStrategy],
  ['random', randomStrategy],
  ['round robin', roundRobinStrategy],
] as const;

describe.each([50, 300])('p2c at %d calls a second, of three nodes', (perSecond) => {
  test('sends five percent at most to one that takes 200 ms more, and a quarter half a minute after it heals', async () => {
    traffic = new Traffic(p2cStrategy());
    await traffic.register('a', 'b', 'c');
    await traffic.run(5, perSecond);
    traffic.answer('c', { ms: 201 });
    await traffic.run(3, perSecond);
    expect((await traffic.run(20, perSecond)).of('c')).toBeLessThan(0.05);
    traffic.answer('c', served);
    await traffic.run(25, perSecond);
    expect((await traffic.run(5, perSecond)).of('c')).toBeGreaterThan(0.25);
    expect(traffic.meter.total('tenon.client.ejections')).toBe(0);
  });
});

describe.each(strategies)('with %s', (_name, strategy) => {
  test.each([
    ['fails at once', failing],
    ['refuses connections', refusing],
  ] as const)(
    'of three nodes one that %s gets two percent at most within two seconds, and its share when it heals',
    async (_how, how) => {
      traffic = new Traffic(strategy());
      await traffic.register('a', 'b', 'c');
      await traffic.run(2);
      traffic.answer('c', how);
      expect((await traffic.run(2)).of('c')).toBeLessThan(0.02);
      expect((await traffic.run(20)).of('c')).toBeLessThan(0.002);
      traffic.answer('c', served);
      await traffic.run(45);
      expect((await traffic.run(5)).of('c')).toBeGreaterThan(0.25);
    },
  );

  test('of two nodes the one that fails is left out', async () => {
    traffic = new Traffic(strategy());
    await traffic.register('a', 'b');
    traffic.answer('b', failing);
    await traffic.run(2);
    expect((await traffic.run(10)).of('b')).toBeLessThan(0.01);
  });

  test('a node that swallows calls is out within two seconds of callers that wait a second', async () => {
    traffic = new Traffic(strategy());
    await traffic.register('a', 'b', 'c');
    await traffic.run(2);
    traffic.answer('c', { ms: 1_000, error: new ServiceError('DeadlineExceeded', 'nothing came') });
    await traffic.run(2);
    // A probe, at most: with calls of a second and holds of one, two and four seconds.
    expect((await traffic.run(8)).countOf('c')).toBeLessThanOrEqual(4);
  });

  test('stale entries, half of all, get at most one percent of the calls after three seconds', async () => {
    traffic = new Traffic(strategy());
    for (const node of ['c', 'd']) traffic.answer(node, refusing);
    await traffic.register('a', 'b', 'c', 'd');
    await traffic.run(3);
    const shares = await traffic.run(10);
    expect(shares.of('c') + shares.of('d')).toBeLessThanOrEqual(0.01);
  });

  test('where two of three fail, calls go on, and the one that answers gets its share at least', async () => {
    traffic = new Traffic(strategy());
    await traffic.register('a', 'b', 'c');
    for (const node of ['b', 'c']) traffic.answer(node, failing);
    await traffic.run(3);
    expect((await traffic.run(20)).of('a')).toBeGreaterThan(0.3);
    for (const node of ['b', 'c']) traffic.answer(node, served);
    await traffic.run(45);
    const healed = await traffic.run(5);
    for (const node of ['a', 'b', 'c']) expect(healed.of(node)).toBeGreaterThan(0.25);
    // Each panic that began has ended.
    const told = traffic.logger.lines.filter(({ message }) => message.includes('healthy')).map(({ level }) => level);
    const panics = traffic.meter.total('tenon.client.panics');
    expect(told).toEqual(Array.from({ length: panics }, () => ['warn', 'info']).flat());
  });

  test('where all are unreachable none is given up, and the first that answers is used at once', async () => {
    traffic = new Traffic(strategy());
    await traffic.register('a', 'b', 'c');
    for (const node of ['a', 'b', 'c']) traffic.answer(node, refusing);
    await traffic.run(10);
    for (const node of ['a', 'b', 'c']) traffic.answer(node, served);
    await traffic.run(1);
    const { lines } = traffic.logger;
    expect(lines.filter(({ message }) => message === 'a node that was ejected is used again')).not.toEqual([]);
  });

  test('a node that joins gets at most a tenth of its fair share in the first second, and all of it in ten', async () => {
    traffic = new Traffic(strategy());
    await traffic.register('a', 'b', 'c');
    await traffic.run(5);
    await traffic.register('a', 'b', 'c', 'd');
    const fair = 1 / 4;
    expect((await traffic.run(1, 500)).of('d')).toBeLessThan(fair / 10);
    expect((await traffic.run(9)).of('d')).toBeLessThan(fair * 0.8);
    expect((await traffic.run(5)).of('d')).toBeGreaterThan(fair * 0.8);
  });

  test('a fleet that restarts node by node does not lean on the last old one', async () => {
    traffic = new Traffic(strategy());
    await traffic.register('a', 'b', 'c');
    await traffic.run(1);
    await traffic.register('a', 'b', 'd');
    await traffic.run(1);
    await traffic.register('a', 'd', 'e');
    expect((await traffic.run(2)).of('a')).toBeLessThan(0.5);
  });

  test('a registry that comes back empty, and fills again, costs no node its calls', async () => {
    traffic = new Traffic(strategy());
    await traffic.register('a', 'b', 'c');
    await traffic.run(2);
    for (const listed of ['', '', 'b', 'bc', 'abc']) {
      await traffic.register(...listed);
      const shares = await traffic.run(2);
      for (const node of ['a', 'b', 'c']) expect(shares.of(node)).toBeGreaterThan(0.2);
    }
    expect(traffic.logger.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  });
});

test('p2c sends a node that joins far less than that in its first second, also where the others have had slow moments', async () => {
  traffic = new Traffic(p2cStrategy());
  for (const node of ['a', 'b', 'c', 'd']) traffic.answer(node, () => (Math.random() < 0.02 ? { ms: 20 } : served));
  await traffic.register('a', 'b', 'c');
  await traffic.run(5, 500);
  await traffic.register('a', 'b', 'c', 'd');
  const fair = 1 / 4;
  expect((await traffic.run(1, 500)).of('d')).toBeLessThan(fair / 20);
  await traffic.run(9, 500);
  expect((await traffic.run(5, 500)).of('d')).toBeGreaterThan(fair * 0.8);
});

test('callers in a hurry eject nobody', async () => {
  traffic = new Traffic(roundRobinStrategy());
  await traffic.register('a', 'b', 'c');
  traffic.answer('c', { ms: 5, error: new ServiceError('DeadlineExceeded', 'too late') });
  await traffic.run(20);
  expect(traffic.logger.lines).toEqual([]);
});

test('five percent of failures, on every node, eject hardly anybody', async () => {
  traffic = new Traffic(roundRobinStrategy());
  await traffic.register('a', 'b', 'c');
  for (const node of ['a', 'b', 'c']) traffic.answer(node, () => (Math.random() < 0.05 ? failing : served));
  await traffic.run(60);
  expect(traffic.meter.total('tenon.client.ejections')).toBeLessThanOrEqual(1);
});
