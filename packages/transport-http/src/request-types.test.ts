import { jsonCodec } from '@tenon/codec-json';
import type { Codec } from '@tenon/contract';
import { CodecSet } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { RequestTypes } from './request-types.js';

const { create } = jsonCodec();
const types = new RequestTypes(new CodecSet([(create as () => Codec)()]));

test.each([
  ['application/json', 'application/json', false],
  ['Application/JSON; charset=utf-8', 'application/json', false],
  ['application/vnd.tenon.stream; type="application/json"', 'application/json', true],
  ['application/vnd.tenon.stream;type=Application/JSON', 'application/json', true],
])('%s is %s, as a stream: %s', (given, contentType, streams) => {
  expect(types.read(given)).toMatchObject({ contentType, streams });
  expect(types.read(given)).toBe(types.read(given));
});

test.each(['', 'text/html', 'application/vnd.tenon.stream', 'application/vnd.tenon.stream; type="text/html"'])(
  '%j is refused, each time',
  (given) => {
    for (let turn = 0; turn < 2; turn += 1) {
      expect(() => types.read(given)).toThrow(expect.objectContaining({ code: 'InvalidArgument', executed: 'no' }));
    }
  },
);

test('nobody fills it with parameters', () => {
  for (let n = 0; n < 1_000; n += 1) types.read(`application/json; n=${n}`);
  expect(types.read('application/json; n=999')).not.toBe(types.read('application/json; n=999'));
});
