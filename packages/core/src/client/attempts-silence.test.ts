import { noMetadata, type Reply, ServiceError } from '@tenon/contract';
import { describe, expect, test, vi } from 'vitest';
import { attemptsOver, attemptsWith, nodesOf } from '../../test/attempts-under-test.js';
import { deferred } from '../../test/deferred.js';
import { failureOf } from '../../test/failure-of.js';
import { replying } from '../../test/scripted-transport.js';

/** Node a is connected to, and then says nothing: neither to calls nor to probes. Node b is well. */
async function silentNode(all = attemptsOver('a', 'b')) {
  const { clock, transport, run } = all;
  const alive = new Set(['a:1', 'b:1']);
  transport.probe = (address, timeoutMs) =>
    new Promise((resolve) => {
      clock.after(alive.has(address) ? 1 : timeoutMs, () => resolve(alive.has(address)));
    });
  transport.answer('a:1', replying('from a')).answer('b:1', replying('from b'));
  await run();
  alive.delete('a:1');
  const late = deferred<Reply>();
  transport.answer('a:1', () => late.promise);
  return { ...all, alive, late };
}

describe('a call on a node that has fallen silent', () => {
  test('goes elsewhere within a second, and its node is reported as broken', async () => {
    const { clock, meter, selector, run } = await silentNode();
    const reply = run({ idempotent: true, timeoutMs: 1_000 });
    await clock.advance(750);
    expect(await reply).toMatchObject({ value: 'from b' });
    expect(selector.reports.slice(1)).toMatchObject([
      { node: 'a', outcome: { elapsedMs: 600, error: { code: 'Unavailable', executed: 'maybe', answered: false } } },
      { node: 'b', outcome: { error: undefined } },
    ]);
    expect(meter.total('tenon.client.retries', { reason: 'broken', budget: 'drawn' })).toBe(1);
    expect(meter.total('tenon.client.silent_nodes', { node: 'a' })).toBe(1);
  });

  test('waits for its deadline where it may not run twice', async () => {
    const { clock, late, run } = await silentNode();
    const reply = run({ idempotent: false });
    await clock.advance(5_000);
    late.resolve({ value: 'at last', metadata: noMetadata });
    expect(await reply).toMatchObject({ value: 'at last' });
  });

  test.each([
    ['may be tried once', { maxAttempts: 1 }, {}],
    ['goes to an address', { address: 'a:1' }, {}],
    ['cannot be paid for again', {}, { retry: { budget: { reserve: 0, reservePerSecond: 0 } } }],
  ])('waits on where it %s', async (_what, options, client) => {
    const { clock, late, transport, run } = await silentNode(attemptsWith(client, 'a', 'b'));
    if ('address' in options) {
      transport.answer('a:1', replying('hi'));
      await run(options);
      transport.answer('a:1', () => late.promise);
    }
    const reply = run({ idempotent: true, ...options });
    await clock.advance(2_000);
    late.resolve({ value: 'at last', metadata: noMetadata });
    expect(await reply).toMatchObject({ value: 'at last' });
  });

  test('is not answered by what that node still says; but the node counts as alive again', async () => {
    const { clock, late, pool, selector, run } = await silentNode();
    const released = vi.spyOn(pool, 'release');
    const reply = run({ idempotent: true });
    await clock.advance(750);
    await reply;
    late.resolve({ value: 'too late', metadata: noMetadata });
    await clock.advance(0);
    expect(await reply).toMatchObject({ value: 'from b' });
    expect([released.mock.calls.length, selector.reports.length]).toEqual([2, 3]);
    const again = run();
    await clock.advance(0);
    expect(await again).toMatchObject({ value: 'too late' });
  });

  test('that is answered late by an error says as much', async () => {
    const { clock, late, selector, run } = await silentNode();
    const reply = run({ idempotent: true });
    await clock.advance(750);
    await reply;
    late.reject(new ServiceError('NotFound', 'too late', { executed: 'yes', answered: true }));
    await clock.advance(0);
    expect(selector.reports).toHaveLength(3);
    expect(await failureOf(run())).toMatchObject({ rawMessage: 'too late' });
  });

  test('that begins after that leaves at once for another node, also where it may not run twice', async () => {
    const { clock, meter, transport, run } = await silentNode();
    const first = run({ idempotent: true });
    await clock.advance(750);
    await first;
    const before = transport.calls.length;
    const second = run({ idempotent: false });
    await clock.advance(0);
    expect(await second).toMatchObject({ value: 'from b' });
    expect(nodesOf(transport).slice(before)).toEqual(['b:1']);
    expect(meter.total('tenon.client.retries', { reason: 'unreachable', budget: 'free' })).toBe(1);
  });

  test('is sent there all the same where there is no other node', async () => {
    const { clock, late, transport, run } = await silentNode(attemptsOver('a'));
    const reply = run({ idempotent: true });
    await clock.advance(3_000);
    expect(nodesOf(transport)).toEqual(['a:1', 'a:1', 'a:1']);
    late.resolve({ value: 'at last', metadata: noMetadata });
    expect(await reply).toMatchObject({ value: 'at last' });
  });

  test('is sent to the last of them where all have fallen silent, and waits there', async () => {
    const { alive, clock, transport, run } = await silentNode();
    const first = run({ idempotent: true });
    await clock.advance(750);
    await first;
    alive.clear();
    const waiting = deferred<Reply>();
    transport.answer('b:1', () => waiting.promise);
    const second = run({ idempotent: false });
    await clock.advance(750);
    const third = run({ idempotent: false, maxAttempts: 2 });
    await clock.advance(1_000);
    waiting.resolve({ value: 'at last', metadata: noMetadata });
    for (const reply of [second, third]) expect(await reply).toMatchObject({ value: 'at last' });
  });

  test('is sent to a silent one where a third cannot be paid for', async () => {
    const budget = { ratio: 0, reserve: 2, reservePerSecond: 0 };
    const { alive, clock, transport, run } = await silentNode(attemptsWith({ retry: { budget } }, 'a', 'b', 'c'));
    alive.clear();
    const waiting = deferred<Reply>();
    for (const address of ['a:1', 'b:1', 'c:1']) transport.answer(address, () => waiting.promise);
    const early = run({ idempotent: true });
    for (let step = 0; step < 30; step += 1) await clock.advance(100);
    expect(nodesOf(transport)).toEqual(['a:1', 'a:1', 'b:1', 'c:1']);
    const late = run({ idempotent: false });
    await clock.advance(100);
    waiting.resolve({ value: 'at last', metadata: noMetadata });
    for (const reply of [early, late]) expect(await reply).toMatchObject({ value: 'at last' });
  });

  test('comes back to a silent one, and waits there, where the last that could be tried is not reached', async () => {
    const { alive, clock, transport, run } = await silentNode(attemptsOver('a', 'b', 'c'));
    alive.clear();
    const waiting = deferred<Reply>();
    for (const address of ['a:1', 'b:1']) transport.answer(address, () => waiting.promise);
    transport.answer('c:1', () =>
      Promise.reject(new ServiceError('Unavailable', 'nobody listens', { executed: 'no' })),
    );
    const early = [run({ idempotent: true }), run({ idempotent: true })];
    for (let step = 0; step < 20; step += 1) await clock.advance(100);
    const late = run({ idempotent: false });
    await clock.advance(1_000);
    waiting.resolve({ value: 'at last', metadata: noMetadata });
    for (const reply of [...early, late]) expect(await reply).toMatchObject({ value: 'at last' });
  });

  test('goes to it again once it has answered a probe', async () => {
    const { alive, clock, transport, run } = await silentNode();
    const first = run({ idempotent: true });
    await clock.advance(750);
    await first;
    alive.add('a:1');
    await clock.advance(700);
    transport.answer('a:1', replying('well again'));
    expect(await run()).toMatchObject({ value: 'well again' });
  });

  test('waits where nobody is to be asked', async () => {
    const { clock, late, meter, run } = await silentNode(attemptsWith({ silence: false }, 'a', 'b'));
    const reply = run({ idempotent: true });
    await clock.advance(5_000);
    late.resolve({ value: 'at last', metadata: noMetadata });
    expect(await reply).toMatchObject({ value: 'at last' });
    expect(meter.series('tenon.client.silent_nodes')).toEqual([]);
  });
});

test('a hundred calls on a node that is black-holed all succeed within their second', async () => {
  const { clock, transport, run } = await silentNode();
  for (let call = 0; call < 1_000; call += 1) await run({ address: 'b:1' });
  const calls = Array.from({ length: 100 }, () => run({ idempotent: true, timeoutMs: 1_000 }));
  await clock.advance(750);
  expect((await Promise.all(calls)).every(({ value }) => value === 'from b')).toBe(true);
  expect(transport.calls.filter(({ address }) => address === 'a:1')).toHaveLength(101);
});

describe('a node that takes long to dial', () => {
  /** Dialling a never comes to anything. */
  function slowDial(...nodes: string[]) {
    const all = attemptsOver(...nodes);
    const gate = deferred<void>();
    all.transport.beforeDial = () => (all.transport.dials.length === 1 ? gate.promise : undefined);
    all.transport.answer('a:1', replying('from a')).answer('b:1', replying('from b'));
    return { ...all, gate };
  }

  test('is left for another after 300 ms, without a draw on the budget; it is dialled on', async () => {
    const { clock, gate, meter, selector, transport, run } = slowDial('a', 'b');
    const reply = run();
    await clock.advance(299);
    expect(nodesOf(transport)).toEqual([]);
    await clock.advance(1);
    expect(await reply).toMatchObject({ value: 'from b' });
    expect(selector.reports).toMatchObject([
      { node: 'a', outcome: { error: { rawMessage: 'the node was not connected to within 300 ms', executed: 'no' } } },
      { node: 'b' },
    ]);
    expect(meter.total('tenon.client.retries', { reason: 'unreachable', budget: 'free' })).toBe(1);
    gate.resolve();
    expect(await run()).toMatchObject({ value: 'from a' });
    expect(transport.dials.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test('is waited for where there is no other', async () => {
    const { clock, gate, selector, run } = slowDial('a');
    const reply = run({ timeoutMs: 1_000 });
    await clock.advance(900);
    gate.resolve();
    expect(await reply).toMatchObject({ value: 'from a' });
    expect(selector.reports).toMatchObject([{ outcome: { elapsedMs: 0, error: undefined } }]);
  });

  test('is waited for where the call may be tried once', async () => {
    const { clock, run } = slowDial('a', 'b');
    const failed = failureOf(run({ maxAttempts: 1, timeoutMs: 1_000 }));
    await clock.advance(1_000);
    expect(await failed).toMatchObject({ code: 'DeadlineExceeded', executed: 'no', attempts: [{ node: 'a' }] });
  });
});
