import { expect, it } from 'vitest';
import { type MdnsOptions, resolveMdnsOptions } from './mdns-options.js';

it('speaks on loopback and port 5353 by default', () => {
  expect(resolveMdnsOptions({})).toEqual({ interfaces: ['127.0.0.1'], port: 5_353, lookupMs: 100, browsers: true });
});

it.each<[Partial<Record<keyof MdnsOptions, unknown>>, string]>([
  [{ interfaces: [] }, 'mdnsRegistry.interfaces is []'],
  [{ interfaces: ['999.1.1.1'] }, 'mdnsRegistry.interfaces is ["999.1.1.1"]'],
  [{ interfaces: 'eth0' }, 'mdnsRegistry.interfaces is "eth0"'],
  [{ port: 0 }, 'mdnsRegistry.port is 0; it must be a whole number from 1 to 65535'],
  [{ lookupMs: 10 }, 'mdnsRegistry.lookupMs is 10; it must be a whole number from 20 to 10000'],
  [{ browsers: 'yes' }, 'mdnsRegistry.browsers is "yes"; it must be true or false'],
])('refuses %j', (options, message) => {
  expect(() => resolveMdnsOptions(options as MdnsOptions)).toThrow(message);
});
