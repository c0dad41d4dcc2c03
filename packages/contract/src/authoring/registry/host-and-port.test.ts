import { expect, test } from 'vitest';
import { joinHostAndPort, splitHostAndPort } from './host-and-port.js';

test.each([
  ['10.0.0.5:9090', '10.0.0.5', 9_090],
  ['greeter.svc:80', 'greeter.svc', 80],
  ['[fe80::1]:443', 'fe80::1', 443],
  ['unix', 'unix', 0],
])('%s is %s and %i, and comes back', (address, host, port) => {
  expect(splitHostAndPort(address)).toEqual([host, port]);
  expect(joinHostAndPort(host, port)).toBe(address);
});

test.each(['10.0.0.5:99999', 'a:b:1', 'host:'])('%s is not taken apart', (address) => {
  expect(splitHostAndPort(address)).toEqual([address, 0]);
});
