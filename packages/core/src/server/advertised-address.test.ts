import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { advertisedAddress, isLoopback, joined } from './advertised-address.js';

const interfaces = (...addresses: string[]): NodeJS.Dict<NetworkInterfaceInfo[]> => ({
  lo: [info('127.0.0.1', { internal: true }), info('10.9.9.9', { internal: true })],
  gone: undefined,
  eth0: [info('fe80::1', { family: 'IPv6' }), ...addresses.map((address) => info(address))],
});

function info(address: string, changes: object = {}): NetworkInterfaceInfo {
  const plain = { address, netmask: '255.0.0.0', mac: '00:00:00:00:00:00', cidr: null };
  return { ...plain, family: 'IPv4', internal: false, ...changes } as NetworkInterfaceInfo;
}

describe('what others are told to dial', () => {
  test('is the address that is listened on', () => {
    expect(advertisedAddress({ host: '127.0.0.1', port: 80 }, undefined)).toBe('127.0.0.1:80');
    expect(advertisedAddress({ host: '::1', port: 80 }, undefined)).toBe('[::1]:80');
  });

  test.each(['0.0.0.0', '::'])('for the wildcard %s is the first private address of the machine', (host) => {
    const addresses = interfaces('203.0.113.5', '172.32.0.1', '172.31.0.1', '10.0.0.7');
    expect(advertisedAddress({ host, port: 80 }, undefined, addresses)).toBe('172.31.0.1:80');
  });

  test.each(['10.0.0.7', '192.168.1.7', '172.16.0.7', '172.31.255.7'])('counts %s as private', (address) => {
    expect(advertisedAddress({ host: '0.0.0.0', port: 1 }, undefined, interfaces('203.0.113.5', address))).toBe(
      `${address}:1`,
    );
  });

  test('for a wildcard without a private address is the first other one, without any is loopback', () => {
    const wildcard = { host: '0.0.0.0', port: 80 };
    expect(advertisedAddress(wildcard, undefined, interfaces('203.0.113.5', '198.51.100.5'))).toBe('203.0.113.5:80');
    expect(advertisedAddress(wildcard, undefined, interfaces())).toBe('127.0.0.1:80');
  });

  test.each([
    ['10.0.0.7', '10.0.0.7:80'],
    ['10.0.0.7:9', '10.0.0.7:9'],
    ['greeter.internal', 'greeter.internal:80'],
    ['2001:db8::7', '[2001:db8::7]:80'],
    ['2001:db8::80', '[2001:db8::80]:80'],
    ['[2001:db8::7]', '[2001:db8::7]:80'],
    ['[2001:db8::7]:9', '[2001:db8::7]:9'],
  ])('is %s where the option says so, with the port filled in: %s', (advertise, told) => {
    expect(advertisedAddress({ host: '0.0.0.0', port: 80 }, advertise)).toBe(told);
  });
});

test('an IPv6 host is joined to its port in brackets', () => {
  expect([joined('::1', 80), joined('localhost', 80)]).toEqual(['[::1]:80', 'localhost:80']);
});

describe('an address that leads every machine to itself', () => {
  test.each([
    '127.0.0.1:80',
    '127.8.9.1:80',
    '127.0.0.1',
    '127.1:80',
    'localhost:80',
    'LOCALHOST:80',
    'greeter.localhost:80',
    '[::1]:80',
    '::1',
    '[0:0:0:0:0:0:0:1]:80',
    '[::ffff:127.0.0.1]:80',
  ])('is %s', (address) => {
    expect(isLoopback(address)).toBe(true);
  });

  test.each([
    '10.0.0.7:80',
    '128.0.0.1:80',
    'notlocalhost:80',
    '127.0.0.1.example.com:80',
    '[::2]:80',
    '[2001:db8::1]:80',
    '[::ffff:10.0.0.1]:80',
    'memory:127',
  ])('is not %s', (address) => {
    expect(isLoopback(address)).toBe(false);
  });
});
