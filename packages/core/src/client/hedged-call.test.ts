import { type Call, callMetadata, noMetadata, type Reply, ServiceError } from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { attemptsOver, attemptsWith, broken, ended, nodesOf, refused } from '../../test/attempts-under-test.js';
import { deferred } from '../../test/deferred.js';
import { failureOf } from '../../test/failure-of.js';
import { listenersOn } from '../../test/listeners-on.js';
import { failing, replying } from '../../test/scripted-transport.js';

const hedged = { idempotent: true, hedgeAfterMs: 50 } as const;
const won = { service: 'greeter', endpoint: 'Greeter.Hello', result: 'won' };
const lost = { ...won, result: 'lost' };
const hedges = 'tenon.client.hedges';

/** Answers after a while by the clock, unless its call is cancelled, as transports do. */
function after(clock: { after(ms: number, run: () => void): () => void }, ms: number, value: unknown) {
  return ({ cancellation }: Call): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const cancelTimer = clock.after(ms, () => resolve({ value, metadata: noMetadata }));
      cancellation?.listen({
        onCancel: (reason) => {
          cancelTimer();
          reject(reason.with({ executed: 'maybe' }));
        },
      });
    });
}

describe('a hedged call', () => {
  test('that is answered in time is sent once, and leaves no timer', async () => {
    const { clock, meter, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', after(clock, 49, 'in time'));
    const reply = run(hedged);
    await clock.advance(49);
    expect(await reply).toMatchObject({ value: 'in time' });
    await clock.advance(1_000);
    expect([nodesOf(transport), meter.series(hedges), clock.pending]).toEqual([['a:1'], [], 1]);
  });

  test('that is not goes to another node too, whose answer is taken; the first attempt is cancelled', async () => {
    const { clock, meter, selector, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', after(clock, 1_000, 'slow')).answer('b:1', after(clock, 10, 'quick'));
    const reply = run(hedged);
    await clock.advance(50);
    expect(nodesOf(transport)).toEqual(['a:1', 'b:1']);
    expect(selector.selects.map(({ exclude }) => [...(exclude ?? [])])).toEqual([[], ['a']]);
    expect(transport.calls[1]?.call.metadata).toEqual({ [callMetadata.attempt]: '2' });
    await clock.advance(10);
    expect(await reply).toMatchObject({ value: 'quick' });
    expect(transport.calls[0]?.call.cancellation?.canceled).toMatchObject({ code: 'Canceled' });
    expect(selector.reports).toMatchObject([
      { node: 'b', outcome: { elapsedMs: 10, error: undefined } },
      { node: 'a', outcome: { error: { code: 'Canceled' } } },
    ]);
    expect(meter.series(hedges)).toEqual([won]);
    expect(clock.pending).toBe(1);
  });

  test('takes the answer of the first where that comes first after all, and cancels the second', async () => {
    const { clock, meter, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', after(clock, 60, 'first')).answer('b:1', after(clock, 1_000, 'second'));
    const reply = run(hedged);
    await clock.advance(60);
    expect(await reply).toMatchObject({ value: 'first' });
    expect(transport.calls[1]?.call.cancellation?.canceled).toMatchObject({ code: 'Canceled' });
    expect(meter.series(hedges)).toEqual([lost]);
  });

  test.each([
    ['the first', 'a:1', 'b:1', won],
    ['the second', 'b:1', 'a:1', lost],
  ])('waits for the other where %s fails', async (_what, bad, good, result) => {
    const { clock, meter, transport, run } = attemptsOver('a', 'b');
    const fails = deferred<Reply>();
    transport.answer(bad, () => fails.promise).answer(good, after(clock, 500, 'good'));
    const reply = run({ ...hedged, maxAttempts: 2 });
    await clock.advance(60);
    fails.reject(new ServiceError('NotFound', 'not here', { executed: 'yes' }));
    expect(await ended(clock, reply)).toMatchObject({ value: 'good' });
    expect(meter.series(hedges)).toEqual([result]);
  });

  test('fails with the first error where both fail, and lists all attempts', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b');
    const one = deferred<Reply>();
    transport.answer('a:1', () => one.promise).answer('b:1', failing('Internal', 'second', { executed: 'yes' }));
    const failed = failureOf(run({ ...hedged, maxAttempts: 2 }));
    await clock.advance(60);
    one.reject(new ServiceError('Unavailable', 'first', { executed: 'maybe' }));
    await clock.advance(0);
    expect(await failed).toMatchObject({
      rawMessage: 'first',
      executed: 'yes',
      attempts: [{ node: 'a' }, { node: 'b' }],
    });
  });

  test('is repeated as any other where its first attempt fails before', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', refused).answer('b:1', replying('hi'));
    expect(await ended(clock, run(hedged))).toMatchObject({ value: 'hi' });
    expect(nodesOf(transport)).toEqual(['a:1', 'b:1']);
  });

  test('makes no more attempts than it may: the second one counts', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b', 'c', 'd');
    const one = deferred<Reply>();
    transport.answer('a:1', () => one.promise).answer('b:1', broken);
    for (const node of 'cd') transport.answer(`${node}:1`, broken);
    const failed = failureOf(run(hedged));
    await clock.advance(60);
    one.reject(new ServiceError('Unavailable', 'first', { executed: 'maybe' }));
    expect((await ended(clock, failed)).attempts).toHaveLength(3);
    expect(nodesOf(transport)).toEqual(['a:1', 'b:1', 'c:1']);
  });

  test.each([
    ['there is no other node', ['a'], {}, {}],
    ['the budget is empty', ['a', 'b'], { retry: { budget: { reserve: 0 } } }, {}],
    ['it may be tried once', ['a', 'b'], {}, { maxAttempts: 1 }],
    ['it may not run twice', ['a', 'b'], {}, { idempotent: false }],
    ['it has a key', ['a', 'b'], {}, { idempotencyKey: 'k' }],
    ['it goes to an address', ['a', 'b'], {}, { address: 'a:1' }],
    ['its deadline comes first', ['a', 'b'], {}, { timeoutMs: 50 }],
  ])('is sent once where %s', async (_what, nodes, client, options) => {
    const { clock, meter, transport, run } = attemptsWith(client, ...nodes);
    transport.answer('a:1', after(clock, 200, 'slow'));
    const settled = run({ ...hedged, ...options }).catch(() => {});
    await clock.advance(300);
    await settled;
    expect([nodesOf(transport), meter.series(hedges)]).toEqual([['a:1'], []]);
  });

  test('that ends while a second node is looked for gives that one back', async () => {
    const { clock, meter, selector, transport, run } = attemptsOver('a', 'b');
    const gate = deferred();
    selector.before = ({ exclude }) => (exclude === undefined ? Promise.resolve() : gate.promise);
    transport.answer('a:1', after(clock, 60, 'first'));
    const reply = run(hedged);
    await clock.advance(60);
    expect(await reply).toMatchObject({ value: 'first' });
    gate.resolve();
    await clock.advance(0);
    expect([nodesOf(transport), meter.series(hedges)]).toEqual([['a:1'], []]);
    expect(selector.reports).toMatchObject([{ node: 'a' }, { node: 'b', outcome: { error: { code: 'Canceled' } } }]);
  });

  test('ends both where its caller cancels, and listens to nobody any more', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b');
    for (const node of 'ab') transport.answer(`${node}:1`, after(clock, 1_000, 'slow'));
    const stop = new AbortController();
    const failed = failureOf(run({ ...hedged, signal: stop.signal }));
    await clock.advance(60);
    stop.abort();
    expect(await failed).toMatchObject({ code: 'Canceled' });
    expect([transport.calls.length, listenersOn(stop.signal), clock.pending]).toEqual([2, 0, 1]);
  });
});

test('where one call in a hundred takes a second, hedging keeps the 99th percentile near the delay, for little more load', async () => {
  const { clock, meter, transport, run } = attemptsOver('a', 'b', 'c');
  const medianMs = 10;
  let sent = 0;
  let stopped = 0;
  const answer = (call: Call): Promise<Reply> => {
    sent += 1;
    call.cancellation?.listen({
      onCancel: () => {
        stopped += 1;
      },
    });
    return after(clock, sent % 100 === 0 ? 1_000 : medianMs, 'hi')(call);
  };
  for (const node of 'abc') transport.answer(`${node}:1`, answer);
  const times: number[] = [];
  for (let call = 0; call < 3_000; call += 1) {
    const startedAt = clock.now();
    run(hedged).then(() => times.push(clock.now() - startedAt));
    await clock.advance(5);
  }
  await clock.advance(2_000);
  times.sort((one, other) => one - other);
  const [p99, last] = [times[Math.floor(times.length * 0.99)], times.at(-1)];
  expect(times).toHaveLength(3_000);
  expect(p99).toBeLessThanOrEqual(1.2 * hedged.hedgeAfterMs + medianMs);
  expect(last).toBe(hedged.hedgeAfterMs + medianMs);
  expect(sent / 3_000).toBeLessThanOrEqual(1.05);
  // Each slow attempt was the loser, and felt it at once.
  expect([stopped, meter.total(hedges, { result: 'won' })]).toEqual([sent - 3_000, sent - 3_000]);
}, 60_000);
