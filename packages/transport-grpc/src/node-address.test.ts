import { expect, test } from 'vitest';
import { grpcAddress, speaksGrpc } from './node-address.js';

test.each([
  ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
  ['[::1]:443', { host: '::1', port: 443 }],
  ['name.example:1', { host: 'name.example', port: 1 }],
  ['grpc://name.example:1', { host: 'name.example', port: 1 }],
  ['grpc://grpc://name.example:1', undefined],
  ['http://name.example:1', undefined],
  ['name:0', undefined],
  ['name:65536', undefined],
  ['name', undefined],
  ['nats:x', undefined],
])('%s is %j', (address, expected) => {
  expect(grpcAddress(address)).toEqual(expected);
});

test.each([
  [{}, true],
  [{ protocol: 'grpc' }, true],
  [{ protocol: 'mucp' }, false],
  [{ protocol: 'mucp', 'tenon-protocols': 'tenon/1, grpc,http' }, true],
  [{ protocol: 'grpc', 'tenon-protocols': 'http' }, false],
  [{ zone: 'a' }, false],
])('a node with %j speaks gRPC: %s', (metadata, expected) => {
  expect(speaksGrpc({ id: 'n', address: 'a:1', metadata })).toBe(expected);
});
