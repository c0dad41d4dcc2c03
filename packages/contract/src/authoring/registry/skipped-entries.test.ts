import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Logger } from '../../logger.js';
import { silentLogger } from '../silent-logger.js';
import { systemClock } from '../system-clock.js';
import { SkippedEntries } from './skipped-entries.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('each entry is warned about once until it is written anew, in one line a minute', () => {
  const { skipped, warned } = skippedEntries();
  for (let time = 0; time < 5; time += 1) skipped.met('a', '1', new Error('no JSON'));
  expect(warned).toEqual([1]);
  for (const key of ['b', 'c', 'd', 'e']) skipped.met(key, '1', new Error('no JSON'));
  skipped.met('a', '2', new Error('still no JSON'));
  expect(warned).toEqual([1]);
  vi.advanceTimersByTime(60_000);
  skipped.met('a', '2', new Error('still no JSON'));
  expect(warned).toEqual([1, 5]);
  vi.advanceTimersByTime(60_000);
  skipped.met('a', '2', new Error('still no JSON'));
  expect(warned).toEqual([1, 5]);
});

test('what one reading met is one line, whatever it is', () => {
  const { skipped, warned } = skippedEntries();
  skipped.metAll(['a', 'b', 'c', 'a'].map((key) => ({ key, fingerprint: '1', thrown: new Error('no JSON') })));
  expect(warned).toEqual([3]);
});

function skippedEntries() {
  const warned: unknown[] = [];
  const logger: Logger = Object.assign(silentLogger(), {
    warn: (_message: string, fields?: Readonly<Record<string, unknown>>) => void warned.push(fields?.['count']),
  });
  return { skipped: new SkippedEntries(logger, systemClock()), warned };
}
