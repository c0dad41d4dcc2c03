import { expect, test } from 'vitest';
import { resolveSharedPortOptions, type SharedPortOptions } from './shared-port-options.js';

test('options are filled with the limits that reliability asks for, and frozen', () => {
  const resolved = resolveSharedPortOptions({ instance: 'i' });
  expect(resolved).toEqual({
    host: '127.0.0.1',
    port: 0,
    instance: 'i',
    maxMessageBytes: 4 * 1_024 * 1_024,
    maxConnections: 10_000,
    handshakeTimeoutMs: 5_000,
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
    replyTimeoutMs: 30_000,
    keepAliveMs: 65_000,
    drainGraceMs: 200,
    maxHeaderBytes: 16 * 1_024,
    maxHeaders: 100,
    maxPipelined: 100,
    maxStreams: 100,
    peerSilenceMs: 60_000,
    sessionIdleMs: 300_000,
    maxSessionMemoryBytes: 32 * 1_024 * 1_024,
  });
  expect(Object.isFrozen(resolved)).toBe(true);
});

test.each<[keyof SharedPortOptions, number]>([
  ['port', 65_536],
  ['port', -1],
  ['keepAliveMs', 999],
  ['maxMessageBytes', 0],
  ['maxConnections', 1.5],
])('%s: %s is refused by name', (key, value) => {
  const options: SharedPortOptions = { instance: 'i', [key]: value };
  expect(() => resolveSharedPortOptions(options)).toThrow(`SharedPort.${key} is ${value}`);
});

test('a port without an instance is refused', () => {
  expect(() => resolveSharedPortOptions({ instance: '' })).toThrow(/SharedPort\.instance/);
});
