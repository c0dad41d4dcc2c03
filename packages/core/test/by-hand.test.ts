import { noMetadata, ServiceError } from '@tenon/contract';
import { callContext } from '@tenon/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deferred } from './deferred.js';
import { failureOf } from './failure-of.js';
import { Fleet } from './fleet.js';
import { hello } from './greeter.js';

let fleet: Fleet;

beforeEach(() => {
  fleet = new Fleet();
});

afterEach(async () => {
  await fleet.close();
  expect(fleet.clock.pending).toBe(0);
});

test('a call finds a node, and its deadline and metadata arrive', async () => {
  await fleet.serve((request) => ({ request, left: callContext().timeLeftMs, metadata: callContext().metadata }));
  const options = { timeoutMs: 700, metadata: { 'X-A': '1' } };
  expect((await fleet.client.unary(hello, { name: 'Ada' }, options)).value).toEqual({
    request: { name: 'Ada' },
    left: 700,
    metadata: { 'x-a': '1' },
  });
});

test('what a handler calls gets its deadline, its cancelling, and of its metadata only what was named', async () => {
  const inner = deferred<AbortSignal>();
  const seen: unknown[] = [];
  await fleet.serve(async (request) => {
    const { metadata, timeLeftMs, signal } = callContext();
    seen.push({ metadata, timeLeftMs });
    if (request === 'inner') {
      inner.resolve(signal);
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }
    return (await fleet.client.unary(hello, 'inner')).value;
  });
  const stop = new AbortController();
  const metadata = { authorization: 'Bearer x', 'x-tenant': 't1' };
  const failed = failureOf(fleet.client.unary(hello, 'outer', { timeoutMs: 500, metadata, signal: stop.signal }));
  const signal = await inner.promise;
  expect(seen).toEqual([
    { metadata, timeLeftMs: 500 },
    { metadata: { 'x-tenant': 't1' }, timeLeftMs: 500 },
  ]);
  stop.abort();
  expect(await failed).toMatchObject({ code: 'Canceled', executed: 'maybe' });
  await fleet.clock.advance(0);
  expect(signal.aborted).toBe(true);
});

test('a handler that refuses by choice is tried elsewhere; one that passes on a refusal has run, and is not', async () => {
  let calls = 0;
  for (let node = 0; node < 3; node += 1) {
    await fleet.serve(async (request) => {
      calls += 1;
      if (request === 'refuse' && calls === 1) throw new ServiceError('Unavailable', 'warming up', { executed: 'no' });
      if (request === 'pass on') await fleet.client.unary({ ...hello, service: 'nobody' }, {});
      return calls;
    });
  }
  expect((await fleet.client.unary(hello, 'refuse')).value).toBe(2);
  calls = 0;
  // A registry that knows nobody says "Unavailable, not executed" about the inner call. The outer handler has run.
  expect(await failureOf(fleet.client.unary(hello, 'pass on'))).toMatchObject({
    code: 'Unavailable',
    service: 'nobody',
    executed: 'yes',
    attempts: [{}],
  });
  expect(calls).toBe(1);
});

test('an event reaches one member of its queue', async () => {
  const heard = deferred<unknown>();
  const events: unknown[] = [];
  for (let node = 0; node < 2; node += 1) {
    await fleet.serve(
      () => {},
      (event) => {
        events.push(event);
        heard.resolve(event);
      },
    );
  }
  await fleet.client.publish('user.created', { name: 'Ada' });
  await heard.promise;
  await fleet.clock.advance(0);
  expect(events).toEqual([{ name: 'Ada' }]);
});

test('a node that drains is not called any more, and the call goes to another', async () => {
  const served: string[] = [];
  const first = await fleet.serve(() => served.push('first'));
  await fleet.client.unary(hello, {});
  await fleet.serve(() => served.push('second'));
  await first.drain(new AbortController().signal);
  await fleet.client.unary(hello, {});
  expect(served).toEqual(['first', 'second']);
  expect(fleet.logger.complaints).toEqual([]);
});

test('what a reply carries comes from the handler alone', async () => {
  await fleet.serve(() => callContext().setReplyMetadata('X-B', '2'));
  const replies: unknown[] = [];
  const onReply = (metadata: unknown): void => void replies.push(metadata);
  await fleet.client.unary(hello, {}, { metadata: { 'x-a': '1' }, onReply });
  expect(replies).toEqual([{ ...noMetadata, 'x-b': '2' }]);
});
