import { expect, test } from 'vitest';
import { resolveGrpcOptions } from './grpc-options.js';

test('the defaults are those that the page names', () => {
  expect(resolveGrpcOptions({})).toEqual({
    connectTimeoutMs: 2_000,
    pingMs: 10_000,
    pingTimeoutMs: 4_000,
    maxMessageBytes: 4 * 1_024 * 1_024,
    compression: 'identity',
    contentType: undefined,
    trailing: new Set(),
    reflection: true,
    locks: [],
  });
});

test.each([
  ['connectTimeoutMs', 0],
  ['pingMs', 199],
  ['pingTimeoutMs', 9],
  ['maxMessageBytes', 2 ** 30 + 1],
  ['compression', 'br'],
])('%s of %s is refused by name', (key, value) => {
  expect(() => resolveGrpcOptions({ [key]: value })).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', message: expect.stringContaining(`grpcTransport.${key}`) }),
  );
});
