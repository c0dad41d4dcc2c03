import { joinHostAndPort } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { httpAddress } from './http-address.js';

test.each([
  ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
  ['greeter.example-1.com:65535', { host: 'greeter.example-1.com', port: 65_535 }],
  ['[::1]:8080', { host: '::1', port: 8_080 }],
  ['[fe80::1%eth0]:1', { host: 'fe80::1%eth0', port: 1 }],
])('%s is an address', (text, address) => {
  expect(httpAddress(text)).toEqual(address);
  expect(joinHostAndPort(address.host, address.port)).toBe(text);
});

test.each([
  '',
  'host',
  'host:',
  ':80',
  'host:0',
  'host:65536',
  '::1:80',
  'http://a:80',
  'a:80/x',
  'u@a:80',
  'a b:80',
  'memory:x',
])('%j is none', (text) => {
  expect(httpAddress(text)).toBeUndefined();
});
