import { type Reply, ServiceError } from '@tenon/contract';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { attemptsOver, broken, ended, nodesOf, refused } from '../../test/attempts-under-test.js';
import { controllersMadeIn } from '../../test/controllers-made-in.js';
import { deferred } from '../../test/deferred.js';
import { failureOf } from '../../test/failure-of.js';
import { hello } from '../../test/greeter.js';
import { listenersOn } from '../../test/listeners-on.js';
import { failing, replying } from '../../test/scripted-transport.js';
import { CallContext, runInContext } from '../context/index.js';

afterEach(() => void vi.restoreAllMocks());

describe('a call that succeeds', () => {
  test('is sent once, and reported once with the time that it took', async () => {
    const { clock, selector, transport, run } = attemptsOver('a', 'b');
    const gate = deferred<Reply>();
    transport.answer('a:1', () => gate.promise);
    const reply = run({ key: 'k', filters: [] });
    await clock.advance(40);
    expect(selector.reports).toEqual([]);
    gate.resolve({ value: 'hi', metadata: { 'x-a': '1' } });
    expect(await reply).toEqual({ value: 'hi', metadata: { 'x-a': '1' } });
    expect(nodesOf(transport)).toEqual(['a:1']);
    expect(selector.selects).toMatchObject([{ key: 'k', filters: [], exclude: undefined }]);
    const endedAt = clock.now();
    expect(selector.reports).toEqual([{ node: 'a', outcome: { elapsedMs: 40, endedAt, error: undefined } }]);
  });

  test('is carried over a connection that answers by promise alone as over one that answers by call-back', async () => {
    const { selector, transport, run } = attemptsOver('a', 'b');
    transport.byCallBack = false;
    transport.answer('a:1', refused).answer('b:1', replying('hi'));
    expect(await run()).toMatchObject({ value: 'hi' });
    expect(nodesOf(transport)).toEqual(['a:1', 'b:1']);
    expect(selector.reports).toHaveLength(2);
  });

  test('makes no controller and sets no timer once its connection stands', async () => {
    const { clock, transport, run } = attemptsOver('a');
    transport.answer('a:1', replying('hi'));
    await run();
    const after = vi.spyOn(clock, 'after');
    expect(await controllersMadeIn(() => run())).toBe(0);
    expect(after).not.toHaveBeenCalled();
  });

  test('makes no controller inside a handler either, whose own call it listens to only as its transport does', async () => {
    const { clock, transport, run } = attemptsOver('a');
    transport.answer('a:1', replying('hi'));
    await run();
    const { service, name: endpoint } = hello;
    const init = { service, endpoint, deadline: 1_000, metadata: {}, peer: undefined, node: 'n1', clock };
    const context = new CallContext(init);
    const listen = vi.spyOn(context, 'listen');
    const after = vi.spyOn(clock, 'after');
    expect(await controllersMadeIn(() => runInContext(context, () => run()))).toBe(0);
    expect([listen.mock.calls, after.mock.calls]).toEqual([[], []]);
    expect(transport.calls[1]?.call).toMatchObject({ cancellation: context, deadline: 1_000 });
  });
});

describe('a call that fails', () => {
  test('goes to another node at once, where the first certainly did not run it', async () => {
    const { selector, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', refused).answer('b:1', replying('hi'));
    // No time passes on this clock, so it did not wait.
    expect(await run()).toMatchObject({ value: 'hi' });
    expect(nodesOf(transport)).toEqual(['a:1', 'b:1']);
    expect(selector.selects.map(({ exclude }) => [...(exclude ?? [])])).toEqual([[], ['a']]);
    expect(selector.reports).toMatchObject([
      { node: 'a', outcome: { error: { rawMessage: 'refused' } } },
      { node: 'b', outcome: { error: undefined } },
    ]);
  });

  test('waits before its second repetition', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b', 'c');
    transport.answer('a:1', refused).answer('b:1', refused).answer('c:1', replying('hi'));
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const reply = run();
    // backoff 2 of base 100, at most 100, of which half.
    await clock.advance(49);
    expect(nodesOf(transport)).toEqual(['a:1', 'b:1']);
    await clock.advance(1);
    expect(nodesOf(transport)).toEqual(['a:1', 'b:1', 'c:1']);
    expect(await reply).toMatchObject({ value: 'hi' });
    expect(clock.pending).toBe(1);
  });

  test('waits before its first repetition too, where the first node may have run it', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', broken).answer('b:1', replying('hi'));
    const reply = run({ idempotent: true });
    await clock.advance(0);
    expect(nodesOf(transport)).toEqual(['a:1']);
    expect(await ended(clock, reply)).toMatchObject({ value: 'hi' });
  });

  test('goes to any node again where all were tried', async () => {
    const { clock, selector, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', refused, replying('again')).answer('b:1', refused);
    expect(await ended(clock, run())).toMatchObject({ value: 'again' });
    expect(nodesOf(transport)).toEqual(['a:1', 'b:1', 'a:1']);
    // The third attempt is refused with the tried ones excluded, and then made without.
    expect(selector.selects.map(({ exclude }) => exclude !== undefined)).toEqual([false, true, true, false]);
    expect(selector.reports).toHaveLength(3);
  });

  test.each([1, 2, 5])('is tried %d times where that is the limit, on different nodes', async (maxAttempts) => {
    const { clock, transport, run } = attemptsOver('a', 'b', 'c', 'd', 'e', 'f');
    for (const node of 'abcdef') transport.answer(`${node}:1`, refused);
    const error = await ended(clock, failureOf(run({ maxAttempts })));
    expect(error.attempts).toHaveLength(maxAttempts);
    expect(nodesOf(transport)).toEqual(['a:1', 'b:1', 'c:1', 'd:1', 'e:1'].slice(0, maxAttempts));
  });

  test.each([
    ['may have run', 'maybe', false],
    ['ran', 'yes', false],
    ['ran, idempotent or not', 'yes', true],
  ] as const)('is not repeated where it %s', async (_what, executed, idempotent) => {
    const { clock, selector, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', failing('Unavailable', 'x', { executed }));
    const error = await ended(clock, failureOf(run({ idempotent })));
    expect(error).toMatchObject({ code: 'Unavailable', executed, attempts: [{ node: 'a' }] });
    expect(selector.reports).toHaveLength(1);
  });

  test('says where it failed, and lists each attempt with node, code and time', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b');
    const slow = deferred<Reply>();
    transport
      .answer('a:1', () => slow.promise)
      .answer('b:1', failing('NotFound', 'no such name', { executed: 'yes', details: { name: 'Ada' } }));
    const failed = failureOf(run());
    await clock.advance(30);
    slow.reject(new ServiceError('ResourceExhausted', 'shed', { executed: 'no' }));
    expect(await failed).toMatchObject({
      code: 'NotFound',
      rawMessage: 'no such name',
      details: { name: 'Ada' },
      service: 'greeter',
      endpoint: 'Greeter.Hello',
      node: 'b',
    });
    expect((await failed).attempts).toEqual([
      { node: 'a', address: 'a:1', code: 'ResourceExhausted', message: 'shed', executed: 'no', elapsedMs: 30 },
      { node: 'b', address: 'b:1', code: 'NotFound', message: 'no such name', executed: 'yes', elapsedMs: 0 },
    ]);
  });

  test('keeps the place that the error names, of a call further on', async () => {
    const { transport, run } = attemptsOver('a');
    const place = { service: 'stock', endpoint: 'Stock.Take', node: 's1' };
    transport.answer('a:1', failing('NotFound', 'x', { executed: 'yes', ...place }));
    expect(await failureOf(run())).toMatchObject(place);
  });

  test('by something that is no ServiceError may have run', async () => {
    const { transport, run } = attemptsOver('a');
    transport.answer('a:1', () => {
      throw new TypeError('oops');
    });
    expect(await failureOf(run({ idempotent: true }))).toMatchObject({ code: 'Internal', executed: 'maybe' });
  });

  test('does not claim that it did not run because of its last attempt alone', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b', 'c');
    transport.answer('a:1', broken).answer('b:1', refused).answer('c:1', refused);
    const error = await ended(clock, failureOf(run({ idempotent: true })));
    expect(error.attempts.map(({ executed }) => executed)).toEqual(['maybe', 'no', 'no']);
    expect(error).toMatchObject({ rawMessage: 'refused', executed: 'maybe' });
  });
});

describe('a call whose connection cannot be made', () => {
  test('goes to another node, and is reported', async () => {
    const { selector, transport, run } = attemptsOver('a', 'b');
    transport.beforeDial = () => (transport.dials.length === 1 ? Promise.reject(new Error('ECONNREFUSED')) : undefined);
    transport.answer('b:1', replying('hi'));
    expect(await run()).toMatchObject({ value: 'hi' });
    expect(selector.reports).toMatchObject([
      { node: 'a', outcome: { error: { code: 'Unavailable', executed: 'no' } } },
      { node: 'b' },
    ]);
  });

  test('ends at its deadline, however long dialling takes; the connection serves the next call', async () => {
    const { clock, selector, transport, run } = attemptsOver('a');
    const gate = deferred();
    transport.beforeDial = () => gate.promise;
    transport.answer('a:1', replying('hi'));
    const failed = failureOf(run({ timeoutMs: 500 }));
    await clock.advance(500);
    expect(await failed).toMatchObject({ code: 'DeadlineExceeded', executed: 'no', attempts: [{ node: 'a' }] });
    expect(selector.reports).toMatchObject([{ outcome: { elapsedMs: 500, error: { code: 'DeadlineExceeded' } } }]);
    gate.resolve();
    expect(await run()).toMatchObject({ value: 'hi' });
    expect(transport.dials).toHaveLength(1);
  });

  test('ends when it is cancelled, and its loan is given back', async () => {
    const { clock, pool, transport, run } = attemptsOver('a');
    const released = vi.spyOn(pool, 'release');
    transport.beforeDial = () => new Promise(() => {});
    const stop = new AbortController();
    const failed = failureOf(run({ signal: stop.signal }));
    await clock.advance(0);
    stop.abort();
    expect(await failed).toMatchObject({ code: 'Canceled', executed: 'no' });
    expect([released.mock.calls.length, listenersOn(stop.signal)]).toEqual([1, 0]);
  });
});

describe('a call whose node is not known yet', () => {
  test('waits for it', async () => {
    const { selector, transport, run } = attemptsOver('a');
    const gate = deferred();
    selector.before = () => gate.promise;
    transport.answer('a:1', replying('hi'));
    const reply = run();
    gate.resolve();
    expect(await reply).toMatchObject({ value: 'hi' });
  });

  test.each(['deadline', 'signal'])('ends by its %s, which the selector feels', async (end) => {
    const { clock, selector, run } = attemptsOver('a');
    const stop = new AbortController();
    let felt: AbortSignal | undefined;
    selector.before = ({ signal }) => {
      felt = signal;
      return new Promise(() => {});
    };
    const failed = failureOf(run({ timeoutMs: 500, signal: stop.signal }));
    await clock.advance(499);
    expect(felt?.aborted).toBe(false);
    if (end === 'signal') stop.abort();
    else await clock.advance(1);
    expect(await failed).toMatchObject({
      code: end === 'signal' ? 'Canceled' : 'DeadlineExceeded',
      executed: 'no',
      attempts: [],
    });
    expect([felt?.aborted, clock.pending, listenersOn(stop.signal)]).toEqual([true, 0, 0]);
  });

  test('gives back a node that is chosen after its end, which did nothing wrong', async () => {
    const { clock, selector, run } = attemptsOver('a');
    const gate = deferred();
    selector.before = () => gate.promise;
    const failed = failureOf(run({ timeoutMs: 500 }));
    await clock.advance(500);
    await failed;
    expect(selector.reports).toEqual([]);
    gate.resolve();
    await clock.advance(0);
    expect(selector.reports).toMatchObject([{ node: 'a', outcome: { elapsedMs: 0, error: { code: 'Canceled' } } }]);
  });

  test('does not mind a choice that fails after its end', async () => {
    const { clock, selector, run } = attemptsOver('a');
    const gate = deferred();
    selector.before = () => gate.promise;
    const failed = failureOf(run({ timeoutMs: 500 }));
    await clock.advance(500);
    await failed;
    gate.reject(new Error('too late'));
    await clock.advance(0);
    expect(selector.reports).toEqual([]);
  });

  test('fails where there is none, with what the selector says', async () => {
    const { run } = attemptsOver();
    expect(await failureOf(run())).toMatchObject({
      code: 'Unavailable',
      rawMessage: 'no node is left',
      executed: 'no',
      service: 'greeter',
      endpoint: 'Greeter.Hello',
      node: undefined,
      attempts: [],
    });
  });

  test('did not run where choosing itself is at fault', async () => {
    const { selector, run } = attemptsOver('a');
    selector.before = () => Promise.reject(new TypeError('a filter is wrong'));
    expect(await failureOf(run())).toMatchObject({ code: 'Internal', executed: 'no' });
  });

  test('does not try any node because it was cancelled while it looked for another', async () => {
    const { clock, selector, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', refused);
    const stop = new AbortController();
    selector.before = ({ exclude }) => (exclude === undefined ? Promise.resolve() : new Promise(() => {}));
    const failed = failureOf(run({ signal: stop.signal }));
    await clock.advance(0);
    expect(selector.selects).toHaveLength(2);
    stop.abort();
    expect(await failed).toMatchObject({ code: 'Canceled', executed: 'no', attempts: [{ node: 'a' }] });
    expect(selector.selects).toHaveLength(2);
  });
});

describe('the end of a call between two attempts', () => {
  test('is at once with the last error, where the pause would pass the deadline', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', broken);
    vi.spyOn(Math, 'random').mockReturnValue(0.9);
    const error = await failureOf(run({ idempotent: true, timeoutMs: 90 }));
    expect(error).toMatchObject({ rawMessage: 'broken', executed: 'maybe', attempts: [{ node: 'a' }] });
    expect([clock.now(), clock.pending]).toEqual([0, 1]);
  });

  test('by cancelling lists the attempts so far, and says that the first may have run', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', broken);
    vi.spyOn(Math, 'random').mockReturnValue(0.9);
    const stop = new AbortController();
    const failed = failureOf(run({ idempotent: true, signal: stop.signal }));
    await clock.advance(50);
    stop.abort('enough');
    expect(await failed).toMatchObject({
      code: 'Canceled',
      executed: 'maybe',
      cause: 'enough',
      service: 'greeter',
      endpoint: 'Greeter.Hello',
      attempts: [{ node: 'a', code: 'Unavailable' }],
    });
    await clock.advance(1_000);
    expect([nodesOf(transport), listenersOn(stop.signal)]).toEqual([['a:1'], 0]);
  });

  test('by cancelling holds also where the repetition would not have to wait', async () => {
    const { transport, run } = attemptsOver('a', 'b');
    const stop = new AbortController();
    transport.answer('a:1', () => {
      stop.abort();
      throw new ServiceError('Unavailable', 'refused', { executed: 'no' });
    });
    expect(await failureOf(run({ signal: stop.signal }))).toMatchObject({ code: 'Canceled', executed: 'no' });
    expect(nodesOf(transport)).toEqual(['a:1']);
  });
});

describe('a call to an address', () => {
  test('goes there, past the selector, to a node of which no more is known', async () => {
    const { selector, transport, run } = attemptsOver('a');
    transport.answer('10.0.0.7:80', replying('hi'));
    expect(await run({ address: '10.0.0.7:80' })).toMatchObject({ value: 'hi' });
    expect(transport.dials).toEqual([{ id: '', address: '10.0.0.7:80', metadata: {} }]);
    expect([selector.selects, selector.reports]).toEqual([[], []]);
  });

  test('is repeated there and nowhere else, and its attempts name the address', async () => {
    const { clock, selector, transport, run } = attemptsOver('a');
    transport.answer('10.0.0.7:80', refused);
    const error = await ended(clock, failureOf(run({ address: '10.0.0.7:80' })));
    expect(nodesOf(transport)).toEqual(['10.0.0.7:80', '10.0.0.7:80', '10.0.0.7:80']);
    expect(error).toMatchObject({ node: undefined, attempts: [{ node: undefined, address: '10.0.0.7:80' }, {}, {}] });
    expect([selector.selects, selector.reports]).toEqual([[], []]);
  });
});

test('the time that connecting takes is not told to the selector, which would take it for slowness', async () => {
  const { clock, selector, transport, run } = attemptsOver('a');
  const connected = deferred<void>();
  transport.beforeDial = () => connected.promise;
  transport.answer('a:1', replying('hi'));
  const reply = run();
  await clock.advance(300);
  connected.resolve();
  await reply;
  expect(selector.reports).toMatchObject([{ node: 'a', outcome: { elapsedMs: 0, error: undefined } }]);
});
