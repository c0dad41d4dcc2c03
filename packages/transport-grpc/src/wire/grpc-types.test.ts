import { jsonCodec } from '@tenon/codec-json';
import { msgpackCodec } from '@tenon/codec-msgpack';
import type { Codec } from '@tenon/contract';
import { CodecSet } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { GrpcTypes, isGrpcLike } from './grpc-types.js';

const protobuf: Codec = {
  contentType: 'application/protobuf',
  aliases: [],
  capabilities: { bytes: true, dates: false, bigints: true, nonFinite: true },
  open: () => ({ encoder: () => () => {}, decoder: () => () => undefined }),
};
const plain: Codec = { ...protobuf, contentType: 'text/plain', open: () => protobuf.open() };
const made = (provider: { readonly create: (...dependencies: never[]) => Codec }): Codec => provider.create();
const types = new GrpcTypes(new CodecSet([made(jsonCodec()), made(msgpackCodec()), protobuf, plain]));

test.each([
  ['application/grpc', 'application/protobuf', 'application/grpc'],
  ['application/grpc+proto', 'application/protobuf', 'application/grpc+proto'],
  ['application/grpc+json', 'application/json', 'application/grpc+json'],
  ['application/grpc+msgpack', 'application/msgpack', 'application/grpc+msgpack'],
  ['Application/gRPC+JSON', 'application/json', 'application/grpc+json'],
  ['application/grpc+json; charset=utf-8', 'application/json', 'application/grpc+json'],
  ['application/grpc;x=y', 'application/protobuf', 'application/grpc'],
])('%s is %s, and answered as %s', (header, contentType, wire) => {
  for (let turn = 0; turn < 2; turn += 1) expect(types.ofWire(header)).toMatchObject({ contentType, wire });
});

test.each(['application/grpc+xml', 'application/grpc-web', 'application/grpcx', 'application/grpc+', 'text/plain', ''])(
  '%j is none of them',
  (header) => {
    expect(types.ofWire(header)).toBeUndefined();
  },
);

test('what is written is named as gRPC names it', () => {
  expect(types.ofContentType('application/protobuf').wire).toBe('application/grpc+proto');
  expect(types.ofContentType('application/json').wire).toBe('application/grpc+json');
  expect(() => types.ofContentType('text/plain')).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  expect(() => types.ofContentType('application/xml')).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  expect(types.known).toBe('application/grpc+json, application/grpc+msgpack, application/grpc+proto');
});

test.each([
  ['application/grpc', true],
  ['application/grpc+xml', true],
  ['application/grpc-web+proto', true],
  ['application/grpcx', false],
  ['application/json', false],
  [undefined, false],
])('%s looks like gRPC: %s', (header, expected) => {
  expect(isGrpcLike(header)).toBe(expected);
});
