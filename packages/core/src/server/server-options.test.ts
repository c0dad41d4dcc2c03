import { describe, expect, test } from 'vitest';
import { checkExposure, isWildcard, resolveServerOptions, splitAddress } from './server-options.js';

const refused = (message: string | RegExp): unknown =>
  expect.objectContaining({
    code: 'InvalidArgument',
    executed: 'no',
    rawMessage: typeof message === 'string' ? message : expect.stringMatching(message),
  });

test('the defaults listen on a free port of loopback alone', () => {
  const resolved = resolveServerOptions();
  expect(resolved).toEqual({
    host: '127.0.0.1',
    port: 0,
    insecure: false,
    advertise: undefined,
    ttlMs: 15_000,
    maxDeadlineMs: 60_000,
    maxMessageBytes: 4 * 1_024 * 1_024,
    idleConnectionMs: 65_000,
    idleSessionMs: 300_000,
    concurrency: { initial: 1_000, min: 16, max: 10_000 },
    queue: { maxCalls: 1_024, targetMs: 5, intervalMs: 100 },
    idempotency: { windowMs: 300_000, maxEntries: 10_000 },
  });
  expect(Object.isFrozen(resolved)).toBe(true);
});

describe('listen', () => {
  test.each([
    ['127.0.0.1:8080', '127.0.0.1', 8_080],
    ['localhost:0', 'localhost', 0],
    ['[::1]:65535', '::1', 65_535],
  ])('%s is understood', (listen, host, port) => {
    expect(resolveServerOptions({ listen })).toMatchObject({ host, port });
  });

  test.each(['8080', 'localhost', '127.0.0.1:', '127.0.0.1:65536', '::1:80', '[::1]', 'a:b:1', 'host:-1'])(
    '%s is refused, with an example of what would do',
    (listen) => {
      expect(() => resolveServerOptions({ listen })).toThrow(
        refused(`server.listen is ${JSON.stringify(listen)}; it must be host:port, such as 127.0.0.1:0 or [::1]:8080`),
      );
    },
  );

  test.each(['0.0.0.0:80', '[::]:80', ':80', '0:80', '0x0:80', '[0:0::0]:80', '[::ffff:0.0.0.0]:80'])(
    '%s, every interface, wants TLS, or insecure to be said',
    (listen) => {
      const plain = resolveServerOptions({ listen });
      expect(() => checkExposure(plain, false)).toThrow(
        refused(/every interface wants TLS \(the option tls\) or insecure: true/),
      );
      expect(() => checkExposure(resolveServerOptions({ listen, insecure: false }), false)).toThrow(
        refused(/insecure: true/),
      );
      checkExposure(plain, true);
      checkExposure(resolveServerOptions({ listen, insecure: true }), false);
    },
  );

  test.each(['127.0.0.1:80', '[::1]:80', '10.0.0.7:80'])('%s, one interface, wants neither', (listen) => {
    checkExposure(resolveServerOptions({ listen }), false);
  });
});

describe('advertise', () => {
  test.each(['10.0.0.7', '10.0.0.7:8080', 'greeter.internal', '[2001:db8::7]:8080', '2001:db8::7', '[2001:db8::7]'])(
    '%s is taken as it is',
    (advertise) => {
      expect(resolveServerOptions({ advertise }).advertise).toBe(advertise);
    },
  );

  test('an empty text is the same as none', () => {
    expect(resolveServerOptions({ advertise: '' }).advertise).toBeUndefined();
  });

  test.each(['0.0.0.0', '0.0.0.0:80', '[::]:80', '::', ':80', 'host:0', 'host:70000', 'http://host:80', 'a b:80'])(
    '%s, which nobody can dial, is refused',
    (advertise) => {
      expect(() => resolveServerOptions({ advertise })).toThrow(
        refused(/^server\.advertise is ".*"; it must be an address that others can dial/),
      );
    },
  );
});

test.each([
  [{ ttlMs: 999 }, 'server.ttlMs is 999; it must be a whole number from 1000 to 86400000'],
  [{ ttlMs: 86_400_001 }, 'server.ttlMs is 86400001; it must be a whole number from 1000 to 86400000'],
  [{ maxDeadlineMs: 0 }, 'server.maxDeadlineMs is 0; it must be a whole number from 1 to 3600000'],
  [{ maxDeadlineMs: 3_600_001 }, 'server.maxDeadlineMs is 3600001; it must be a whole number from 1 to 3600000'],
  [{ idleConnectionMs: 999 }, 'server.idleConnectionMs is 999; it must be a whole number from 1000 to 3600000'],
  [
    { idleConnectionMs: 3_600_001 },
    'server.idleConnectionMs is 3600001; it must be a whole number from 1000 to 3600000',
  ],
  [{ maxMessageBytes: 1_023 }, 'server.maxMessageBytes is 1023; it must be a whole number from 1024 to 1073741824'],
  [
    { maxMessageBytes: 1_024 ** 3 + 1 },
    'server.maxMessageBytes is 1073741825; it must be a whole number from 1024 to 1073741824',
  ],
])('%j is refused by name and range', (options, message) => {
  expect(() => resolveServerOptions(options)).toThrow(refused(message));
});

test('the ends of each range are allowed', () => {
  const least = { ttlMs: 1_000, maxDeadlineMs: 1, maxMessageBytes: 1_024, idleConnectionMs: 1_000 };
  const most = {
    ttlMs: 86_400_000,
    maxDeadlineMs: 3_600_000,
    maxMessageBytes: 1_024 ** 3,
    idleConnectionMs: 3_600_000,
  };
  expect(resolveServerOptions(least)).toMatchObject(least);
  expect(resolveServerOptions(most)).toMatchObject(most);
});

test('a host is a wildcard in any spelling, and no other is', () => {
  expect(['0.0.0.0', '::', '', '0', '0:0:0:0:0:0:0:0'].filter(isWildcard)).toHaveLength(5);
  expect(['127.0.0.1', '::1', 'localhost', '10.0.0.0', 'example.com', '0.0.0.0.example'].filter(isWildcard)).toEqual(
    [],
  );
});

test.each([
  ['10.0.0.7:80', { host: '10.0.0.7', port: 80 }],
  ['10.0.0.7', { host: '10.0.0.7', port: undefined }],
  ['[::1]:80', { host: '::1', port: 80 }],
  ['[::1]', { host: '::1', port: undefined }],
  ['::1', { host: '::1', port: undefined }],
  ['2001:db8::80', { host: '2001:db8::80', port: undefined }],
])('%s is split into host and port', (address, parts) => {
  expect(splitAddress(address)).toEqual(parts);
});
