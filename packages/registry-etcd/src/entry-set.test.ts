import { encodeRecord, groupedByVersion, SkippedEntries, silentLogger, systemClock } from '@tenon/contract/authoring';
import type { IEvent, IKeyValue } from 'etcd3';
import { expect, it } from 'vitest';
import { EntrySet } from './entry-set.js';
import { RecordReader } from './record-reader.js';

it('holds what was read, with the changes since', () => {
  const set = newSet();
  set.replace([keyValue('k1', 'n1'), keyValue('k2', 'n2')], false);
  set.apply([event('Put', keyValue('k3', 'n3')), event('Delete', keyValue('k1', 'n1'))]);
  expect(ids(set)).toEqual(['n2', 'n3']);
});

it('applies changes of one key in their order', () => {
  const set = newSet();
  set.apply([event('Put', keyValue('k1', 'n1')), event('Delete', keyValue('k1', 'n1'))]);
  expect(ids(set)).toEqual([]);
  set.apply([event('Delete', keyValue('k1', 'n1')), event('Put', keyValue('k1', 'n1'))]);
  expect(ids(set)).toEqual(['n1']);
});

it('what a later read does not hold is gone, or stays on demand', () => {
  const set = newSet();
  set.replace([keyValue('k1', 'n1'), keyValue('k2', 'n2')], false);
  set.replace([keyValue('k3', 'n3')], true);
  expect(ids(set)).toEqual(['n1', 'n2', 'n3']);
  set.replace([keyValue('k3', 'n3')], false);
  expect(ids(set)).toEqual(['n3']);
});

it('an unchanged value keeps its record', () => {
  const set = newSet();
  set.replace([keyValue('k1', 'n1')], false);
  const [before] = set.recordsOf('greeter');
  set.replace([keyValue('k1', 'n1')], false);
  set.apply([event('Put', keyValue('k1', 'n1'))]);
  expect(set.recordsOf('greeter')[0]).toBe(before);
});

it('a service whose name only resembles ours is left out', () => {
  const set = newSet();
  set.replace([keyValue('k1', 'n1', { name: 'a/b' }), keyValue('k2', 'n2', { name: 'a-b' })], false);
  expect(set.recordsOf('a-b').map((record) => record.nodes[0]?.id)).toEqual(['n2']);
});

it('nodes are grouped by version, and one under two keys counts once', () => {
  const set = newSet();
  const keyValues = [keyValue('k1', 'n1'), keyValue('k2', 'n2', { version: '2' }), keyValue('k3', 'n3')];
  set.replace([...keyValues, keyValue('k4', 'n1')], false);
  const grouped = groupedByVersion(set.recordsOf('greeter')).map(({ version, nodes }) => [
    version,
    nodes.map(({ id }) => id),
  ]);
  expect(grouped).toEqual([
    ['1', ['n1', 'n3']],
    ['2', ['n2']],
  ]);
});

function newSet(): EntrySet {
  return new EntrySet(new RecordReader(new SkippedEntries(silentLogger(), systemClock())));
}

function ids(set: EntrySet): readonly (string | undefined)[] {
  return set.recordsOf('greeter').map((record) => record.nodes[0]?.id);
}

function keyValue(key: string, id: string, { name = 'greeter', version = '1' } = {}): IKeyValue {
  const nodes = [{ id, address: 'h:1', metadata: {} }];
  const value = encodeRecord({ name, version, metadata: {}, endpoints: [], nodes });
  return { key: Buffer.from(key), value, mod_revision: '1', create_revision: '1', version: '1', lease: '0' };
}

function event(type: IEvent['type'], kv: IKeyValue): IEvent {
  return { type, kv, prev_kv: kv };
}
