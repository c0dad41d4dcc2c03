import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { peerIdentity, urisOf } from './peer-identity.js';

test.each([
  ['URI:spiffe://acme/greeter', ['spiffe://acme/greeter']],
  ['DNS:localhost, URI:spiffe://acme/greeter, IP Address:127.0.0.1', ['spiffe://acme/greeter']],
  ['URI:a:1, URI:b:2', ['a:1', 'b:2']],
  ['URI:"http://a/?b=c\\u002c d"', ['http://a/?b=c, d']],
  ['DNS:"a.example\\u002c URI:spiffe://acme/admin"', []],
  ['DirName:"O=a\\u002c, URI:x"', []],
  ['DNS:localhost', []],
  ['', []],
  [undefined, []],
])('the URIs of %s', (text, uris) => {
  expect(urisOf(text)).toEqual(uris);
});

test.each([
  ['an open quote', 'DNS:"a, URI:spiffe://acme/admin'],
  ['no kind', 'spiffe'],
  ['something behind a quote', 'DNS:a,URI:spiffe://acme/admin'],
  ['a quoted text that is no JSON', 'URI:"\\x"'],
])('a text with %s is not trusted for any of its names', (_what, text) => {
  expect(urisOf(text)).toEqual([]);
});

test('a long hostile text is read in linear time', () => {
  expect(urisOf('"a'.repeat(100_000))).toEqual([]);
  expect(urisOf(`DNS:${'""'.repeat(100_000)}x,`)).toEqual([]);
});

test('only a verified certificate with one URI proves anything', () => {
  const shown = (authorized: boolean | undefined, subjectAltName: string): Duplex => {
    return Object.assign(new Duplex(), { authorized, getPeerX509Certificate: () => ({ subjectAltName }) });
  };
  expect(peerIdentity(shown(true, 'URI:spiffe://acme/greeter'))).toBe('spiffe://acme/greeter');
  expect(peerIdentity(shown(false, 'URI:spiffe://acme/greeter'))).toBeUndefined();
  expect(peerIdentity(shown(undefined, 'URI:spiffe://acme/greeter'))).toBeUndefined();
  expect(peerIdentity(shown(true, 'URI:a:1, URI:b:2'))).toBeUndefined();
  const showsNone = Object.assign(new Duplex(), { authorized: true, getPeerX509Certificate: () => undefined });
  expect(peerIdentity(showsNone)).toBeUndefined();
  expect(peerIdentity(new Duplex())).toBeUndefined();
});
