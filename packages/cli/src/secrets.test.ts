import { expect, test } from 'vitest';
import { Secrets } from './secrets.js';

test('no text of a secret is left, however deep it stood, and no password within an address', () => {
  const secrets = new Secrets();
  secrets.add({ username: 'ada', tls: { key: ['-----KEY-----'] }, port: 7, short: 'no' });
  const text = 'ada at https://bob:pa55@host:1, http://host:2: -----KEY-----, no 7';
  expect(secrets.redact(text)).toBe('*** at https://***@host:1, http://host:2: ***, no 7');
});
