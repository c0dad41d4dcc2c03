import { Buffer } from 'node:buffer';
import type { ConnectionClaim } from '@tenon/contract';
import { expect, test } from 'vitest';
import { FirstBytes } from './first-bytes.js';
import { PortClaims } from './port-claims.js';

const claim = (name: string, start: string | Uint8Array, alpn = name): ConnectionClaim => ({
  name,
  firstBytes: typeof start === 'string' ? Buffer.from(start, 'latin1') : start,
  alpn,
  handle: () => {},
});

test('protocols are named best first: what claimants brought, then the newer HTTP', () => {
  const claims = new PortClaims();
  expect([claims.none, claims.alpn]).toEqual([true, []]);
  claims.http.push({ name: 'web', accepts: () => true, handle: () => {} });
  claims.addConnection(claim('mux', '\0mux'));
  claims.http2.push({ name: 'web', accepts: () => true, handle: () => {} });
  expect(claims.alpn).toEqual(['mux', 'h2', 'http/1.1']);
  expect([claims.none, claims.names]).toEqual([false, 'mux, web']);
});

test.each([
  ['nothing', claim('a', ''), '1 to 24'],
  ['more than 24 bytes', claim('a', 'x'.repeat(25)), '1 to 24'],
  ["HTTP's GET", claim('a', 'GET /x'), 'look like HTTP'],
  ['the beginning of a method', claim('a', 'PO'), 'look like HTTP'],
  ["HTTP/2's preface", claim('a', 'PRI * HTTP/2.0'), 'look like HTTP'],
  ['a TLS record', claim('a', Uint8Array.of(0x16, 0x03, 0x01)), 'look like TLS'],
  ['the first byte of a TLS record', claim('a', Uint8Array.of(0x16)), 'look like TLS'],
  ["another claim's", claim('a', 'mux'), 'look like those of mux'],
  ["more than another claim's", claim('a', 'mux!!'), 'look like those of mux'],
  ["another claim's name", claim('a', 'other', 'mux'), "'mux'"],
  ["HTTP's name", claim('a', 'other', 'h2'), "'h2'"],
  ['no name', claim('a', 'other', ''), "''"],
])('a claim on %s is refused', (_what, refused, says) => {
  const claims = new PortClaims();
  claims.addConnection(claim('mux', 'mux!'));
  expect(() => claims.addConnection(refused)).toThrow(says);
  expect(claims.connections).toHaveLength(1);
});

test('a protocol is told by its first bytes as soon as they can be no other', () => {
  const mux = claim('mux', 'PRO1');
  const { judge } = new FirstBytes([mux]);
  const told = (text: string): unknown => judge(Buffer.from(text, 'latin1'));
  expect(['P', 'PR', 'PRI', 'PRO', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r', '\x16'].map(told)).toEqual(
    Array(6).fill(undefined),
  );
  expect(['PRO1', 'PRO1 and more'].map(told)).toEqual([mux, mux]);
  expect(['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\x16\x03', '\x16\x03\x01'].map(told)).toEqual(['http2', 'tls', 'tls']);
  expect(['G', 'PO', 'PRI /', '\x16\x02', '\0'].map(told)).toEqual(Array(5).fill('other'));
});
