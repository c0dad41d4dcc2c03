import { goldenValue } from '@tenon/conformance';
import type { Logger } from '@tenon/contract';
import { SkippedEntries, silentLogger, systemClock } from '@tenon/contract/authoring';
import type { IKeyValue } from 'etcd3';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RecordReader } from './record-reader.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('reads what it can, and says of the rest how many and why, in one warning', () => {
  const { reader, warn } = readerWithWarnings();
  const records = reader.read([keyValue('good', goldenValue, 1), keyValue('bad', '[]', 2), keyValue('worse', '{', 3)]);
  expect([...records].map(([key, record]) => [key, record?.name])).toEqual([
    ['good', 'greeter'],
    ['bad', undefined],
    ['worse', undefined],
  ]);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn).toHaveBeenCalledWith('registry entries were skipped', {
    count: 2,
    first: [
      { key: 'bad', reason: expect.stringContaining('not an object') },
      { key: 'worse', reason: expect.stringContaining('not JSON') },
    ],
  });
});

it('warns again only when the value was written anew, and once a minute at most', () => {
  const { reader, warn } = readerWithWarnings();
  for (let time = 1; time <= 3; time++) reader.read([keyValue('bad', '[]', 2)]);
  vi.advanceTimersByTime(60_000);
  reader.read([keyValue('bad', '[]', 2)]);
  expect(warn).toHaveBeenCalledTimes(1);
  for (const revision of [5, 6, 7]) reader.read([keyValue('bad', '[]', revision)]);
  expect(warn).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(60_000);
  reader.read([keyValue('bad', '[]', 7)]);
  expect(warn).toHaveBeenCalledTimes(3);
  expect(warn.mock.calls.map(([, fields]) => fields?.['count'])).toEqual([1, 1, 2]);
});

it('10,000 bad entries are one warning that names three', () => {
  const { reader, warn } = readerWithWarnings();
  const many = Array.from({ length: 10_000 }, (_, index) => keyValue(`bad-${index}`, 'x', index));
  for (let time = 1; time <= 2; time++) reader.read(many);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn.mock.calls[0]?.[1]).toMatchObject({ count: 10_000, first: { length: 3 } });
});

function readerWithWarnings() {
  const warn = vi.fn<Logger['warn']>();
  const { debug, info, error, child } = silentLogger();
  const skipped = new SkippedEntries({ debug, info, warn, error, child }, systemClock());
  return { reader: new RecordReader(skipped), warn };
}

function keyValue(key: string, value: string, revision: number): IKeyValue {
  const [text, zero] = [String(revision), '0'];
  return {
    key: Buffer.from(key),
    value: Buffer.from(value),
    mod_revision: text,
    create_revision: text,
    version: zero,
    lease: zero,
  };
}
