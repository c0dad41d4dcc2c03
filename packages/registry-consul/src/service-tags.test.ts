import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { decodeTags, encodeTags } from './service-tags.js';

/** Written by go-micro. */
const golden = {
  metadata: 't-789caa562a28ca2fc94fcecf51b252ca2d4d2e50aa05040000ffff46a906e2',
  version: 'v-789cca492c492d2e01040000ffff08cc028e',
  endpoint:
    'e-789c8ccc41aa02311084e1bbd43abc03e402cfb55b7111b018844e26d3dd1124e4eec28063c08daba6e0efaf43b9359a237694948988333704f8b37ec62349a3215e8e683f4765aef7b24c616922e33a029456d7629c7dab93bf8f6f3fdbf20b9fe9e9963c21f611debfff4a3af5ef449115e3150000ffff8bc74bc5',
};

const endpoint = {
  name: 'Greeter.Hello',
  request: { name: 'Req', type: 'Req', values: [{ name: 'name', type: 'string', values: null }] },
  response: { name: 'Rsp', type: 'Rsp', values: [{ name: 'msg', type: 'string', values: null }] },
  metadata: {},
};

const record = {
  name: 'greeter',
  version: 'latest',
  metadata: {},
  endpoints: [endpoint],
  nodes: [{ id: 'greeter-1', address: '10.0.0.5:9090', metadata: { protocol: 'mucp' } }],
};

test('go-micro’s tags are read', () => {
  const { version, metadata, endpoints, own } = decodeTags(Object.values(golden));
  expect([version, { ...metadata }, endpoints, own]).toEqual(['latest', { protocol: 'mucp' }, [endpoint], undefined]);
});

test('ours unpack to what go-micro’s unpack to, byte for byte', () => {
  const unpacked = (tags: readonly string[]) =>
    tags.map((tag) => tag[0] + inflateSync(Buffer.from(tag.slice(2), 'hex')).toString());
  const theirs = unpacked([golden.metadata, golden.endpoint, golden.version]);
  // go-micro says of which streams an endpoint is, and no more, where its metadata is empty.
  expect(unpacked(encodeTags(record, { metadata: {} }))).toEqual(theirs);
});

test('the plain forms of old versions are read, and of each kind only the form that comes first', () => {
  const { version, metadata } = decodeTags(['v=1.0.0', golden.version, 't={"a":"1"}', golden.metadata, 't={"b":"2"}']);
  expect([version, { ...metadata }]).toEqual(['1.0.0', { a: '1', b: '2' }]);
});

test('tags of others are passed over', () => {
  const tags = ['edge', 'test', 'v1', 'v-next', 'e-commerce', 't-shirt', 's-bahn', '', null, 7, {}];
  expect(decodeTags(tags)).toMatchObject({ version: '', endpoints: [], own: undefined });
});

test('what is broken, or unpacks to more than a record may have, throws', () => {
  expect(() => decodeTags(['v-789c00'])).toThrow();
  const [, , bomb] = encodeTags({ ...record, version: 'x'.repeat(5_000_000) }, { metadata: {} });
  expect(bomb?.length).toBeLessThan(12_000);
  expect(() => decodeTags([bomb])).toThrow(/larger than/);
});
