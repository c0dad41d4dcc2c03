import { expect, test } from 'vitest';
import { readAckSubject } from './ack-subject.js';

const read = { deliveries: 3, sequence: 42, storedAt: 1_767_225_600_000_000_000 };

test.each([
  ['$JS.ACK.ORDERS.mails-1a2b3c4d.3.42.7.1767225600000000000.0', read],
  ['$JS.ACK.hub.A1B2.ORDERS.mails-1a2b3c4d.3.42.7.1767225600000000000.0.rnd', read],
  ['$JS.ACK.ORDERS.mails.0.42.7.1.0', undefined],
  ['$JS.ACK.ORDERS.mails.x.42.7.1.0', undefined],
  ['$JS.ACK.ORDERS.mails.1.9007199254740993.7.1.0', undefined],
  ['$JS.ACK.ORDERS', undefined],
  ['_INBOX.1', undefined],
  [undefined, undefined],
])('%s is read', (subject, expected) => {
  expect(readAckSubject(subject)).toEqual(expected);
});
