import { expect, test } from 'vitest';
import type { Tls } from '../tls.js';
import { clientTlsOptions, type TlsPeer, tlsDialError } from './tls-dial.js';

const peer: TlsPeer = { host: 'node.example', service: 'greeter', alpn: 'tenon/1' };
const tls = made({});

test('the options carry the material, the version, the protocol and the name to ask for', () => {
  expect(clientTlsOptions(tls, peer, () => undefined)).toMatchObject({
    ca: 'CA',
    cert: 'CERT',
    key: 'KEY',
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['tenon/1'],
    servername: 'node.example',
    rejectUnauthorized: true,
  });
  expect(Object.keys(clientTlsOptions(made({ material: {} }), peer, () => undefined))).not.toContain('ca');
});

test.each(['10.0.0.1', '::1', 'fe80::1'])('an address such as %s is no name to ask for', (host) => {
  expect(clientTlsOptions(tls, { ...peer, host }, () => undefined).servername).toBe('');
  expect(clientTlsOptions(made({ serverName: 'a.example' }), { ...peer, host }, () => undefined).servername).toBe(
    'a.example',
  );
});

test.each([
  ['URI:spiffe://acme/greeter', true],
  ['URI:spiffe://acme.example/ns/shop/sa/greeter', true],
  ['DNS:other.example, URI:spiffe://acme/greeter', true],
  ['URI:spiffe://acme/billing', false],
  ['URI:spiffe://acme/evil/greeter', false],
  ['URI:spiffe://acme/ns/shop/sa/greeter/more', false],
  ['URI:spiffe://acme/', false],
  ['URI:https://acme/greeter', false],
  ['URI:spiffe://acme/greeter, URI:spiffe://acme/admin', false],
  ['DNS:"x\\u002c URI:spiffe://acme/greeter"', false],
  [undefined, false],
])('a certificate for %s names the service greeter: %s', (subjectaltname, named) => {
  const asked: unknown[] = [];
  const options = clientTlsOptions(tls, peer, (host, certificate) => {
    asked.push([host, certificate.subject.CN]);
    return new Error('not this host');
  });
  const certificate = { subjectaltname, subject: { CN: 'node.example' } } as never;
  expect(options.checkServerIdentity?.('ignored', certificate) === undefined).toBe(named);
  // The common name is kept from the check, which would believe it.
  expect(asked).toEqual(named ? [] : [['node.example', '']]);
});

test('where a name was asked for by hand, the service is none', () => {
  const options = clientTlsOptions(made({ serverName: 'a.example' }), peer, (host) => new Error(host));
  const certificate = { subjectaltname: 'URI:spiffe://acme/greeter', subject: {} } as never;
  expect(options.checkServerIdentity?.('ignored', certificate)?.message).toBe('a.example');
});

test.each([
  ['CERT_HAS_EXPIRED', 'Unavailable', 'has expired'],
  ['CERT_NOT_YET_VALID', 'Unavailable', 'compare the clocks'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'Unavailable', 'serverName'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'Unavailable', 'not trusted here'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'Unavailable', 'not trusted here'],
  ['CERT_REVOKED', 'Unavailable', 'not accepted'],
  ['INVALID_PURPOSE', 'Unavailable', 'not accepted'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'Unauthenticated', '`cert` and `key`'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'Unauthenticated', "this side's certificate"],
  ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'Unauthenticated', "this side's certificate"],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'Unauthenticated', "this side's certificate"],
  ['ERR_SSL_TLSV1_ALERT_ACCESS_DENIED', 'PermissionDenied', 'turns this side away'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'Unavailable', 'minVersion'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'Unavailable', 'minVersion'],
  ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'Unavailable', 'does not speak tenon/1'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'Unavailable', 'in the clear'],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'Unauthenticated', 'refused the handshake'],
  ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'Unavailable', 'the handshake failed'],
])('%s means %s', (code, meaning, says) => {
  const cause = Object.assign(new Error('from below'), { code });
  const error = tlsDialError(cause, peer);
  expect(error).toMatchObject({ code: meaning, executed: 'no', service: 'greeter', cause });
  expect(error?.message).toContain(says);
  expect(error?.message).toContain('node.example');
  expect(error?.message).toContain(code);
});

test('what is no failure of TLS is left to the transport', () => {
  expect(tlsDialError(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), peer)).toBeUndefined();
  expect(tlsDialError(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), peer)).toBeUndefined();
  expect(tlsDialError('text', peer)).toBeUndefined();
  expect(tlsDialError(null, peer)).toBeUndefined();
});

function made(fields: Partial<Tls>): Tls {
  return {
    material: { ca: 'CA', cert: new TextEncoder().encode('CERT'), key: 'KEY' },
    mutual: true,
    minVersion: 'TLSv1.3',
    serverName: undefined,
    onChange: () => () => {},
    ...fields,
  };
}
