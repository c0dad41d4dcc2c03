import { expect, test } from 'vitest';
import type { RegistryEvent } from '../../registry.js';
import { ServiceError } from '../../service-error.js';
import type { ServiceRecord } from '../../service-record.js';
import { LatestValue } from '../latest-value.js';
import { RecordTable } from './record-table.js';

function recordOf(name: string, id: string, version = '1.0.0'): ServiceRecord {
  return { name, version, metadata: {}, endpoints: [], nodes: [{ id, address: `${id}:1`, metadata: {} }] };
}

/** What a watch has seen so far: versions with their ids, or the message of an error. */
function followerOf(table: RecordTable, service: string, known?: Promise<unknown>) {
  const seen: string[] = [];
  const events = new LatestValue<RegistryEvent>();
  const following = table.follow(service, events, known);
  void (async () => {
    for await (const event of events) seen.push(textOf(event));
  })();
  return { seen, stop: () => following.stop() };
}

function textOf(event: RegistryEvent): string {
  if (event.kind === 'error') return event.error.rawMessage;
  return event.records.map(({ version, nodes }) => `${version} ${nodes.map(({ id }) => id)}`).join('; ');
}

const settled = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

test('groups by version, and knows which services have a node', () => {
  const table = new RecordTable();
  table.put('2', recordOf('greeter', 'b'));
  table.put('1', recordOf('greeter', 'a'));
  table.put('3', recordOf('greeter', 'c', '2.0.0'));
  table.put('4', recordOf('clock', 'd'));
  expect(table.names).toEqual(['clock', 'greeter']);
  expect(table.recordsOf('greeter').map(({ version, nodes }) => [version, nodes.map(({ id }) => id)])).toEqual([
    ['1.0.0', ['a', 'b']],
    ['2.0.0', ['c']],
  ]);
  table.put('4', recordOf('greeter', 'd'));
  expect([table.names, table.delete('9')]).toEqual([['greeter'], false]);
});

test('a watch has the set at once, and one set for the changes of a tick', async () => {
  const table = new RecordTable();
  const record = recordOf('greeter', 'a');
  table.put('1', record);
  const { seen, stop } = followerOf(table, 'greeter');
  await settled();
  table.put('2', recordOf('greeter', 'b'));
  table.put('3', recordOf('clock', 'c'));
  table.delete('1');
  await settled();
  table.put('2', table.get('2') as ServiceRecord);
  await settled();
  expect(seen).toEqual(['1.0.0 a', '1.0.0 b']);
  stop();
  table.delete('2');
  await settled();
  expect(seen).toHaveLength(2);
});

test('a watch waits for its first set until enough is known', async () => {
  const table = new RecordTable();
  let know = (): void => {};
  const { seen } = followerOf(table, 'greeter', new Promise<void>((resolve) => (know = resolve)));
  table.put('1', recordOf('greeter', 'a'));
  await settled();
  expect(seen).toEqual([]);
  know();
  await settled();
  expect(seen).toEqual(['1.0.0 a']);
});

test('what changes during an interruption is told when it is over', async () => {
  const table = new RecordTable();
  const { seen } = followerOf(table, 'greeter');
  await settled();
  table.interrupted(new ServiceError('Unavailable', 'cut off'));
  table.put('a', recordOf('greeter', 'a'));
  await settled();
  expect(seen).toEqual(['', 'cut off']);
  table.healed();
  await settled();
  expect(seen).toEqual(['', 'cut off', '1.0.0 a']);
});

test('an interruption is told once, and a set follows when it is over', async () => {
  const table = new RecordTable();
  const { seen } = followerOf(table, 'greeter');
  await settled();
  table.interrupted(new ServiceError('Unavailable', 'cut off'));
  table.interrupted(new ServiceError('Unavailable', 'still cut off'));
  await settled();
  table.healed();
  table.healed();
  await settled();
  expect(seen).toEqual(['', 'cut off', '']);
});
