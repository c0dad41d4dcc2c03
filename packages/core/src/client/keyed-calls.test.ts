import { callMetadata, noMetadata, type ServiceError } from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { attemptsOver, broken, ended, nodesOf, refused } from '../../test/attempts-under-test.js';
import { failureOf } from '../../test/failure-of.js';
import { failing, replying } from '../../test/scripted-transport.js';

const key = 'order-42';

/** Nodes of Tenon's, which keep keys; the selector does as it is told by filters. */
function keepers(...nodes: string[]) {
  const all = attemptsOver(...nodes);
  all.selector.metadata = { 'tenon-protocols': 'tenon/1' };
  return all;
}

describe('a call with an idempotency key', () => {
  test('sends it with every attempt', async () => {
    const { clock, transport, run } = keepers('a', 'b');
    transport.answer('a:1', broken, replying('hi'));
    expect(await ended(clock, run({ idempotencyKey: key }))).toMatchObject({ value: 'hi' });
    expect(transport.calls.map(({ call }) => call.metadata[callMetadata.idempotencyKey])).toEqual([key, key]);
  });

  test('is repeated on the very node that may have run it', async () => {
    const { clock, transport, run } = keepers('a', 'b', 'c');
    transport.answer('a:1', refused);
    transport.answer('b:1', broken, failing('Unavailable', 'busy', { executed: 'no', answered: true }), replying('hi'));
    expect(await ended(clock, run({ idempotencyKey: key, maxAttempts: 5 }))).toMatchObject({ value: 'hi' });
    // The first choice was free, and so was the second: a certainly never had it.
    expect(nodesOf(transport)).toEqual(['a:1', 'b:1', 'b:1', 'b:1']);
  });

  test('fails as one that may have run where that node is gone', async () => {
    const { clock, selector, transport, run } = keepers('a', 'b');
    transport.answer('a:1', () => {
      selector.gone.add('a');
      return broken(undefined as never);
    });
    const error: ServiceError = await ended(clock, failureOf(run({ idempotencyKey: key })));
    expect(error).toMatchObject({ code: 'Unavailable', executed: 'maybe', attempts: [{ node: 'a' }] });
    expect(nodesOf(transport)).toEqual(['a:1']);
  });

  test('goes anywhere where the endpoint may be repeated anyway', async () => {
    const { clock, transport, run } = keepers('a', 'b');
    transport.answer('a:1', broken).answer('b:1', replying('hi'));
    expect(await ended(clock, run({ idempotencyKey: key, idempotent: true }))).toMatchObject({ value: 'hi' });
  });

  test('is not repeated on a node that is not known to keep keys', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', broken).answer('10.0.0.7:80', broken);
    expect((await ended(clock, failureOf(run({ idempotencyKey: key })))).attempts).toHaveLength(1);
    const direct = failureOf(run({ idempotencyKey: key, address: '10.0.0.7:80' }));
    expect((await ended(clock, direct)).attempts).toHaveLength(1);
  });
});

describe('a key', () => {
  test.each(['', 'a b', 'é', 'x'.repeat(129), 'a\n'])('of %j is refused', async (idempotencyKey) => {
    const { run } = attemptsOver('a');
    expect(await failureOf(run({ idempotencyKey }))).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
  });

  test('may have 128 characters', async () => {
    const { transport, run } = attemptsOver('a');
    transport.answer('a:1', replying('hi'));
    expect(await run({ idempotencyKey: '~'.repeat(128) })).toEqual({ value: 'hi', metadata: noMetadata });
  });

  test('is refused for a stream, of which no server keeps the reply', async () => {
    const { run } = attemptsOver('a');
    const stream = { service: 'greeter', name: 'Greeter.Count', kind: 'server', idempotent: false } as const;
    expect(await failureOf(run({ idempotencyKey: key }, stream))).toMatchObject({
      rawMessage: 'idempotencyKey was given for Greeter.Count, which streams; only unary calls have one',
    });
  });
});
