import { expect, it } from 'vitest';
import { ServiceError } from '../../service-error.js';
import type { ServiceRecord } from '../../service-record.js';
import { decodeRecord, encodeCheckedRecord, encodeRecord, maxRecordBytes } from './record-json.js';

/** As captured from go-micro. */
const goldenValue =
  '{"name":"greeter","version":"latest","metadata":null,"endpoints":[{"request":{"name":"Req","type":"Req","values":[{"name":"name","type":"string","values":null}]},"response":{"name":"Rsp","type":"Rsp","values":[{"name":"msg","type":"string","values":null}]},"metadata":{},"name":"Greeter.Hello"}],"nodes":[{"metadata":{"broker":"http","protocol":"mucp","registry":"etcd","server":"mucp","transport":"http"},"id":"greeter-7f1c","address":"10.0.0.5:9090"}]}';
const goldenRecord: ServiceRecord = { ...JSON.parse(goldenValue), metadata: {} };

it('writes the value that go-micro writes, byte for byte', () => {
  expect(encodeRecord(goldenRecord).toString()).toBe(goldenValue);
});

it('reads the value that go-micro writes', () => {
  expect(JSON.parse(JSON.stringify(decodeRecord(Buffer.from(goldenValue))))).toEqual(goldenRecord);
});

it('writes back what it read, byte for byte', () => {
  expect(encodeRecord(decodeRecord(Buffer.from(goldenValue))).toString()).toBe(goldenValue);
});

it('writes maps sorted by key, as Go does, so that equal records are equal bytes', () => {
  const node = { id: 'n', address: 'h:1', metadata: { b: '2', a: '1' } };
  const value = encodeRecord({ ...goldenRecord, endpoints: [], nodes: [node] }).toString();
  expect(value).toContain('"nodes":[{"metadata":{"a":"1","b":"2"},"id":"n","address":"h:1"}]');
});

it('reads null where a map, a list or a value may stand', () => {
  const record = decoded({ metadata: null, endpoints: null, nodes: [{ id: 'n', address: 'h:1', metadata: null }] });
  expect(record).toMatchObject({ metadata: {}, endpoints: [], nodes: [{ id: 'n', address: 'h:1', metadata: {} }] });
  const endpoint = { name: 'A.B', request: null, response: { name: 'R', type: 'R', values: null }, metadata: null };
  expect(decoded({ endpoints: [endpoint] }).endpoints[0]).toEqual({ ...endpoint, metadata: {} });
});

it('reads a record whose optional fields are missing', () => {
  const record = decodeRecord(Buffer.from('{"name":"s","version":"","nodes":[{"id":"n","address":"h:1"}]}'));
  expect(record).toMatchObject({ metadata: {}, endpoints: [], nodes: [{ metadata: {} }] });
});

it('keeps keys named __proto__ and constructor as data, and leaves out fields it does not know', () => {
  const value = `{"__proto__":{"polluted":"1"},"constructor":"c","name":"s","version":"1",
    "metadata":{"__proto__":"p","constructor":"c"},"nodes":[{"id":"n","address":"h:1"}]}`;
  const record = decodeRecord(Buffer.from(value));
  expect(Object.keys(record)).toEqual(['name', 'version', 'metadata', 'endpoints', 'nodes']);
  expect(Object.entries(record.metadata)).toEqual([
    ['__proto__', 'p'],
    ['constructor', 'c'],
  ]);
  expect(Object.getPrototypeOf(record.metadata)).toBeNull();
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

it('hands out frozen records', () => {
  const record = decodeRecord(Buffer.from(goldenValue));
  for (const part of [record, record.nodes, record.nodes[0], record.nodes[0]?.metadata, record.endpoints[0]]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
});

const nodes = (count: number): unknown[] => Array.from({ length: count }, (_, i) => ({ id: `n${i}`, address: 'h:1' }));
const nested = (depth: number): unknown => ({ name: 'v', type: 'v', values: depth === 0 ? null : [nested(depth - 1)] });

it.each([
  ['text that is not JSON', 'not json', 'it is not JSON'],
  ['a truncated value', goldenValue.slice(0, -5), 'it is not JSON'],
  ['an empty value', '', 'it is not JSON'],
  ['null', 'null', 'the value is not an object'],
  ['a list', '[]', 'the value is not an object'],
  ['a name that is no text', json({ name: 7 }), 'name is not text'],
  ['an empty name', json({ name: '' }), 'name is not text of 1 to 256'],
  ['a name with a line break', json({ name: 'a\nb' }), 'name is not text of 1 to 256'],
  ['a version that is no text', json({ version: {} }), 'version is not text'],
  ['metadata that is a list', json({ metadata: [] }), 'metadata is not an object'],
  ['metadata with a number', json({ metadata: { a: 1 } }), 'metadata of "a" is not text'],
  ['endpoints that are no list', json({ endpoints: {} }), 'endpoints is not a list'],
  ['an endpoint without a name', json({ endpoints: [{}] }), 'endpoints[0].name is not text'],
  ['no nodes', json({ nodes: null }), 'it has 0 nodes'],
  ['10,000 nodes', json({ nodes: nodes(10_000) }), 'it has 10000 nodes'],
  ['a node without an address', json({ nodes: [{ id: 'n' }] }), 'nodes[0].address is not text'],
  [
    'a node id of 257 characters',
    json({ nodes: [{ id: 'x'.repeat(257), address: 'h:1' }] }),
    'nodes[0].id is not text',
  ],
  ['values nested 100 deep', json({ endpoints: [{ name: 'a', request: nested(100) }] }), 'nested too deep'],
  ['a value of 1 MiB', json({ metadata: { a: 'x'.repeat(1_024 * 1_024) } }), `more than ${maxRecordBytes}`],
  ['100,000 open brackets', '['.repeat(100_000), 'it is not JSON'],
])('refuses %s, and says what is wrong', (_, value, reason) => {
  const error = thrownBy(() => decodeRecord(Buffer.from(value)));
  expect(error).toBeInstanceOf(ServiceError);
  expect(error).toMatchObject({ code: 'DataLoss', rawMessage: expect.stringContaining(reason) });
});

it('a record that is to be registered has 512 KiB at most', () => {
  const { length } = encodeRecord(decoded({ metadata: { a: '' } }));
  const largest = decoded({ metadata: { a: 'x'.repeat(maxRecordBytes - length) } });
  expect(encodeCheckedRecord(largest)).toHaveLength(maxRecordBytes);
  const larger = { ...largest, version: '10' };
  expect(thrownBy(() => encodeCheckedRecord(larger))).toMatchObject({
    code: 'InvalidArgument',
    executed: 'no',
    rawMessage: 'the record of s has 524289 bytes; the limit is 524288',
  });
});

function decoded(fields: object): ServiceRecord {
  return decodeRecord(Buffer.from(json(fields)));
}

function json(fields: object): string {
  return JSON.stringify({ name: 's', version: '1', nodes: nodes(1), ...fields });
}

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (thrown) {
    return thrown;
  }
}
