import { RecordTable, systemClock } from '@tenon/contract/authoring';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../test/eventually.js';
import { recordOf } from '../test/sample-record.js';
import { RecordStore } from './record-store.js';

let table: RecordTable;
let store: RecordStore;
let living: Set<string>;

beforeEach(() => {
  living = new Set(['owner']);
  table = new RecordTable();
  store = new RecordStore(table, systemClock(), (member) => living.has(member));
});

afterEach(() => store.close());

const origin = (stamp: number, ttlMs = 60_000) => ({ owner: 'owner', stamp, ttlMs });

function put(stamp: number, ttlMs?: number): void {
  const record = recordOf('greeter', 'n1');
  const { ttlMs: lastsMs } = origin(stamp, ttlMs);
  store.put('k', { record, json: Buffer.from('{}'), origin: origin(stamp, ttlMs) }, lastsMs);
}

test('a message of the same stamp, or an older one, is no news, also once the entry is gone', () => {
  put(5);
  expect([4, 5, 6].map((stamp) => store.isNews('k', origin(stamp)))).toEqual([false, false, true]);
  store.delete('k', 7);
  expect([5, 7, 8].map((stamp) => store.isNews('k', origin(stamp)))).toEqual([false, false, true]);
  expect(table.names).toEqual([]);
});

test('an entry is hidden while its owner is gone, and shown again when it is back', () => {
  put(5);
  living.delete('owner');
  store.ownerChanged('owner');
  expect([table.names, store.get('k')?.record.name]).toEqual([[], 'greeter']);
  living.add('owner');
  store.ownerChanged('owner');
  expect(table.names).toEqual(['greeter']);
});

test('an entry whose owner does not come back in time is forgotten, and may be told again as it was', async () => {
  put(5, 10);
  living.delete('owner');
  store.ownerChanged('owner');
  await eventually(() => expect(store.get('k')).toBeUndefined(), { withinMs: 2_000 });
  expect([4, 5].map((stamp) => store.isNews('k', origin(stamp)))).toEqual([false, true]);
});
