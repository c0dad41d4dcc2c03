import { type TransportFixture, transportConformance } from '@tenon/conformance';
import type { Transport } from '@tenon/contract';
import { describe, it } from 'vitest';
import { testTls } from '../../../test/tls/test-tls.js';
import { newFixture } from './fixture.js';

const tolerated = [{ createdBy: 'utcDate', reason: 'Node keeps the text of the Date header for up to a second' }];
const noExecuted = 'mucp has no place for whether the handler ran';
const noMetadata = "a reply of mucp has no metadata: a Go server echoes the request's";
const unread =
  'TCP says nothing of an end that stands behind bytes which are not read, and mucp has no other word for it';
const knownFailing = (
  [
    ['neither side shares an object with the other', noMetadata],
    ['200 calls at once each get their own reply', noMetadata],
    ['metadata travels with the call and with the reply, and nothing comes back by itself', noMetadata],
    ['a request of the largest size is served, a larger one is refused, and other calls go on', noExecuted],
    ['bytes that cannot be decoded are refused as bad input, without having run', noExecuted],
    ['what the handler says about having run is kept', noExecuted],
    ['a reply that cannot be encoded is Internal and counts as executed', noExecuted],
    ['a draining listener finishes what runs and refuses what is new', noExecuted],
    ['a draining peer turns new calls away, and says that it drains', noExecuted],
    ['a refusal of the handler arrives as one, and only where the call was not executed', noExecuted],
    [
      'a call to an address that belongs to another service now is never run, and says whom it was for',
      'mucp has no place for whether the handler ran, nor for the id of a node',
    ],
    ['closing the listener ends the calls under way on both sides, and later calls are refused', noExecuted],
    [
      'an error of the handler arrives whole, whichever of the codes it has',
      'mucp has HTTP statuses, fewer than codes',
    ],
    ['an error without details arrives without details, and a long message arrives whole', 'mucp cuts a long message'],
    ...ofKinds('metadata travels with the call and before the first reply', ['server', 'client', 'bidi'], noMetadata),
    ...ofKinds('an error before the first reply rejects the call, whole', ['server', 'client', 'bidi'], noExecuted),
    ...ofKinds('an error after replies comes behind them, whole', ['server', 'bidi'], noExecuted),
    ...ofKinds('an error after requests stops the caller', ['client', 'bidi'], noExecuted),
    ...ofKinds('a call that is refused unread stops the caller', ['client', 'bidi'], noExecuted),
    ...ofKinds('a request that cannot be read ends it, and no other', ['server'], noExecuted),
    ...ofKinds('a request over the limit ends it, and no other', ['server'], noExecuted),
    ...ofKinds('a reply that cannot be encoded ends it, and no other', ['server', 'client', 'bidi'], noExecuted),
    ...ofKinds('a reply over the limit ends it, and no other', ['server', 'client', 'bidi'], noExecuted),
    ...ofKinds('closing the listener ends it on both sides', ['server', 'client', 'bidi'], noExecuted),
    ...ofKinds('a draining listener lets it go on to its end', ['server', 'client', 'bidi'], noExecuted),
    ...ofKinds('cancelling it ends both sides while a slow reader holds the producer back', ['client', 'bidi'], unread),
  ] as const
).map(([name, reason]) => ({ case: name, reason, issue: 'docs/wire/mucp.md' }));
const metadata = { protocol: 'mucp', 'tenon-protocols': 'http' };

describe('over HTTP/1.1', () => {
  transportConformance({ describe, it }, { create: () => newFixture({ metadata }) }, { tolerated });
});

describe('over HTTP/2 under TLS', () => {
  transportConformance({ describe, it }, { create: () => newFixture({ metadata, tls: testTls() }) }, { tolerated });
});

describe('over mucp', () => {
  const create = () => ofAllKinds(newFixture({ metadata: { protocol: 'mucp' } }));
  transportConformance({ describe, it }, { create }, { tolerated, knownFailing });
});

function ofKinds(
  sentence: string,
  kinds: readonly string[],
  reason: string,
): readonly (readonly [name: string, reason: string])[] {
  return kinds.map((kind) => [`${kind} stream: ${sentence}`, reason]);
}

/** Over mucp streams of all kinds are carried, which the transport as a whole does only under TLS. */
function ofAllKinds(fixture: TransportFixture): TransportFixture {
  const kinds = Object.freeze(['unary', 'server', 'client', 'bidi'] as const);
  const named = (transport: Transport): Transport => ({
    name: transport.name,
    kinds,
    reaches: (node) => transport.reaches(node),
    dial: (node, options) => transport.dial(node, options),
    listen: (port, handler) => transport.listen(port, handler),
  });
  const serve = async () => {
    const side = await fixture.serve();
    return { ...side, transport: named(side.transport) };
  };
  return { ...fixture, client: named(fixture.client), serve };
}
