import { ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { tcpTransport } from './index.js';
import { resolveTcpOptions } from './tcp-options.js';

test('what is left out has its default', () => {
  expect(resolveTcpOptions({})).toEqual({
    connectTimeoutMs: 2_000,
    handshakeTimeoutMs: 5_000,
    limits: {
      messageBytes: 4 * 1_024 * 1_024,
      calls: 1_024,
      streams: 100,
      window: 65_536,
      connectionWindow: 1_048_576,
    },
    maxStreamBufferBytes: 32 * 1_024 * 1_024,
    pingAfterMs: 10_000,
    idlePingAfterMs: 10_000,
    pingTimeoutMs: 4_000,
    contentType: undefined,
  });
});

test('by default a peer that is only half there is dropped within 15 s, with calls under way or without', () => {
  const { pingAfterMs, idlePingAfterMs, pingTimeoutMs } = resolveTcpOptions({});
  expect(Math.max(pingAfterMs, idlePingAfterMs) + pingTimeoutMs).toBeLessThan(15_000);
});

test.each([
  ['connectTimeoutMs', 0],
  ['handshakeTimeoutMs', 1.5],
  ['maxMessageBytes', -1],
  ['maxCalls', 20_000],
  ['maxStreams', 0],
  ['windowBytes', 1_000],
  ['connectionWindowBytes', 1_000],
  ['maxStreamBufferBytes', 1],
  ['pingAfterMs', 1],
  ['idlePingAfterMs', Number.NaN],
  ['pingTimeoutMs', 1],
] as const)('%s of %d is refused by name', (key, value) => {
  expect(() => tcpTransport({ [key]: value })).toThrow(ServiceError);
  expect(() => tcpTransport({ [key]: value })).toThrow(`tcpTransport.${key} is ${value}`);
});

test('a transport without a codec is no transport', () => {
  const create = tcpTransport().create as (...dependencies: unknown[]) => unknown;
  expect(() => create([], undefined, {}, {})).toThrow(/needs a codec/);
});
