import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ServiceError } from '../../service-error.js';
import { silentLogger } from '../silent-logger.js';
import { systemClock } from '../system-clock.js';
import { KeptEntry } from './kept-entry.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A back end that answers as it is told, and writes down what it was asked. */
function entryOf({ ttlMs = 3_000 } = {}) {
  const asked: string[] = [];
  const back = { isAway: false, has: false };
  const answer = async (what: string): Promise<void> => {
    asked.push(what);
    if (back.isAway) throw new ServiceError('Unavailable', 'away');
  };
  let isReleased = false;
  const entry = new KeptEntry({
    home: {
      put: async () => {
        await answer('put');
        back.has = true;
      },
      renew: async () => {
        await answer('renew');
        return back.has;
      },
      remove: async () => {
        await answer('remove');
        back.has = false;
      },
    },
    name: 'n1 of greeter',
    ttlMs,
    backoff: { baseMs: 100, factor: 2, maxMs: 400, jitter: 0 },
    releaseTimeoutMs: 500,
    clock: systemClock(),
    logger: silentLogger(),
    onReleased: () => {
      isReleased = true;
    },
  });
  const states: string[] = [];
  entry.onChange((state, reason) => void states.push(reason === undefined ? state : `${state}: ${reason.rawMessage}`));
  return { entry, back, asked, states, isReleased: () => isReleased };
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

test('is renewed each third of its time to live, and at once where something has changed', async () => {
  const { entry, asked } = entryOf();
  await entry.begin();
  await pass(2_050);
  expect(asked).toEqual(['put', 'renew', 'renew']);
  entry.hurry();
  await pass(0);
  expect(asked).toEqual(['put', 'renew', 'renew', 'renew']);
  await entry.release();
});

test('is lost and put again where the back end has it no longer', async () => {
  const { entry, back, asked, states } = entryOf();
  await entry.begin();
  back.has = false;
  await pass(1_000);
  expect(asked).toEqual(['put', 'renew', 'put']);
  expect(states).toEqual(['lost: the registry no longer has n1 of greeter', 'held']);
  await entry.release();
});

test('is lost where nobody could be asked for its time to live, and held again afterwards, with a backoff in between', async () => {
  const { entry, back, asked, states } = entryOf();
  await entry.begin();
  back.isAway = true;
  await pass(2_900);
  expect(states).toEqual([]);
  await pass(300);
  expect(states).toEqual(['lost: n1 of greeter could not be renewed for 3000 ms']);
  const before = asked.length;
  await pass(4_000);
  expect(asked.length - before).toBe(10);
  back.isAway = false;
  await pass(400);
  expect(states.at(-1)).toBe('held');
  await entry.release();
});

test('that could not be put is kept no further', async () => {
  const { entry, back, asked } = entryOf();
  back.isAway = true;
  await expect(entry.begin()).rejects.toThrow('away');
  await pass(10_000);
  expect(asked).toEqual(['put']);
});

test('is taken out when it is released, and renewed no more', async () => {
  const { entry, asked, states, isReleased } = entryOf();
  await entry.begin();
  await entry.release();
  await entry.release();
  await pass(10_000);
  expect(asked).toEqual(['put', 'remove']);
  expect([states, isReleased()]).toEqual([['released'], true]);
});

test('stays where another has taken its place', async () => {
  const { entry, asked } = entryOf();
  await entry.begin();
  await entry.replaced();
  await pass(10_000);
  expect([asked, entry.state]).toEqual([['put'], 'released']);
});

test('is released also where nobody can be told, within the time for that', async () => {
  const { entry, back } = entryOf();
  await entry.begin();
  back.isAway = true;
  let isOver = false;
  void entry.release().then(() => {
    isOver = true;
  });
  await pass(500);
  expect([entry.state, isOver]).toEqual(['released', true]);
});
