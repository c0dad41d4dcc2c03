import { callMetadata, type Metadata, noMetadata, type ServiceError } from '@tenon/contract';
import { describe, expect, test, vi } from 'vitest';
import { attemptsOver, attemptsWith, broken, ended, nodesOf, refused } from '../../test/attempts-under-test.js';
import { failureOf } from '../../test/failure-of.js';
import { hello } from '../../test/greeter.js';
import { failing, replying } from '../../test/scripted-transport.js';
import { CallContext, runInContext } from '../context/index.js';

const draining = failing('Unavailable', 'leaving', { executed: 'no', answered: true, refusal: 'draining' });
const overloaded = failing('ResourceExhausted', 'busy', { executed: 'no', answered: true, refusal: 'overloaded' });
const poor = { retry: { backoffBaseMs: 1, backoffMaxMs: 1, budget: { reserve: 0, reservePerSecond: 0 } } };

describe('the budget', () => {
  test.each([
    ['never left', refused, 'unreachable'],
    ['was turned away by a node that leaves', draining, 'draining'],
  ])('is not drawn on by a call that %s', async (_what, answer, reason) => {
    const { clock, meter, transport, run } = attemptsWith(poor, 'a', 'b');
    transport.answer('a:1', answer).answer('b:1', replying('hi'));
    expect(await ended(clock, run())).toMatchObject({ value: 'hi' });
    expect(meter.series('tenon.client.retries')).toEqual([
      { service: 'greeter', endpoint: 'Greeter.Hello', reason, budget: 'free' },
    ]);
  });

  test('is drawn on where that happens to a call again', async () => {
    const { clock, transport, run } = attemptsWith(poor, 'a', 'b', 'c');
    transport.answer('a:1', refused).answer('b:1', draining).answer('c:1', replying('hi'));
    expect(await ended(clock, failureOf(run()))).toMatchObject({ rawMessage: 'leaving', executed: 'no' });
    expect(nodesOf(transport)).toEqual(['a:1', 'b:1']);
  });

  test.each([
    ['may have run', broken],
    ['was turned away by a node that is busy', overloaded],
    ['was refused by a handler', failing('Unavailable', 'warming up', { executed: 'no', answered: true })],
  ])('is drawn on by a call that %s', async (_what, answer) => {
    const { clock, meter, transport, run } = attemptsWith(poor, 'a', 'b');
    transport.answer('a:1', answer);
    await ended(clock, failureOf(run({ idempotent: true })));
    expect(nodesOf(transport)).toEqual(['a:1']);
    expect(meter.total('tenon.client.retry_budget_empty', { endpoint: 'Greeter.Hello' })).toBe(1);
    expect(meter.total('tenon.client.retries')).toBe(0);
  });

  test('is filled by calls that succeed, one token for ten of them', async () => {
    const { clock, meter, transport, run } = attemptsWith(poor, 'a', 'b');
    transport.answer('a:1', replying('hi'));
    for (let call = 0; call < 10; call += 1) await run();
    transport.answer('a:1', broken).answer('b:1', replying('from b'));
    expect(await ended(clock, run({ idempotent: true }))).toMatchObject({ value: 'from b' });
    expect(meter.total('tenon.client.retries', { reason: 'broken', budget: 'drawn' })).toBe(1);
    expect(await ended(clock, failureOf(run({ idempotent: true })))).toMatchObject({ rawMessage: 'broken' });
  });

  test('that is empty is complained of once a second at most', async () => {
    const { clock, logger, meter, transport, run } = attemptsWith(poor, 'a', 'b');
    transport.answer('a:1', broken);
    const fail = async (): Promise<ServiceError> => failureOf(run({ idempotent: true }));
    await fail();
    await fail();
    expect(logger.complaints).toMatchObject([{ level: 'warn', fields: { endpoint: 'Greeter.Hello' } }]);
    await clock.advance(1_000);
    await fail();
    expect(logger.complaints).toHaveLength(2);
    expect(meter.total('tenon.client.retry_budget_empty')).toBe(3);
  });
});

describe('a call that waits until a service is there', () => {
  const patient = { waitForReady: true, timeoutMs: 5_000 };

  test('goes on while no node can be connected to, without drawing on the budget', async () => {
    const { clock, transport, run } = attemptsWith(poor, 'a', 'b', 'c');
    for (const node of 'abc') transport.answer(`${node}:1`, refused, refused, draining, replying('back'));
    expect(await ended(clock, run(patient))).toMatchObject({ value: 'back' });
    expect(transport.calls.length).toBeGreaterThan(5);
  });

  test('goes on while its nodes have too much to do, and without the means for another attempt after a longer pause', async () => {
    const options = { retry: { ...poor.retry, backoffMaxMs: 1_000 } };
    const { clock, meter, transport, run } = attemptsWith(options, 'a', 'b');
    const answers = [overloaded, overloaded, overloaded, replying('hi')] as const;
    transport.answer('a:1', ...answers).answer('b:1', ...answers);
    const reply = run({ waitForReady: true, timeoutMs: 30_000 });
    reply.catch(() => {});
    await clock.advance(400);
    expect(transport.calls.length).toBe(1);
    for (let second = 0; second < 8; second += 1) await clock.advance(1_000);
    expect(await reply).toMatchObject({ value: 'hi' });
    expect(transport.calls.length).toBeGreaterThan(4);
    expect(meter.total('tenon.client.retries', { budget: 'drawn' })).toBe(0);
  });

  test('tells the selector so, but not where it only wants another node than those that failed', async () => {
    const { clock, selector, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', refused).answer('b:1', replying('hi'));
    await ended(clock, run(patient));
    expect(selector.selects.map(({ waitForReady }) => waitForReady)).toEqual([true, false]);
    await run();
    expect(selector.selects.at(-1)).toMatchObject({ waitForReady: false });
  });

  test('goes on where the selector does not wait for nodes itself', async () => {
    const { clock, selector, transport, run } = attemptsOver('a');
    transport.answer('a:1', replying('hi'));
    let asked = 0;
    selector.before = async () => {
      asked += 1;
      if (asked < 5) await failing('Unavailable', 'no node yet', { executed: 'no' })(undefined as never);
    };
    expect(await ended(clock, run(patient))).toMatchObject({ value: 'hi' });
    // An attempt that had no node is none.
    expect(transport.calls[0]?.call.metadata).toEqual(noMetadata);
  });

  test('ends at its deadline, and lists the newest attempts', async () => {
    const { clock, transport, run } = attemptsOver('a');
    transport.answer('a:1', refused);
    const failed = failureOf(run({ waitForReady: true, timeoutMs: 8_000 }));
    await clock.advance(8_000);
    expect(await failed).toMatchObject({ code: 'Unavailable', executed: 'no' });
    expect((await failed).attempts).toHaveLength(32);
    expect(clock.now()).toBe(8_000);
  });

  test('is tried no more often than any other where its attempts may have reached a node', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b', 'c', 'd');
    for (const node of 'abcd') transport.answer(`${node}:1`, broken);
    expect((await ended(clock, failureOf(run({ ...patient, idempotent: true })))).attempts).toHaveLength(3);
  });

  test('does not wait for a request that is too long to become shorter', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b', 'c', 'd', 'e');
    for (const node of 'abcde')
      transport.answer(`${node}:1`, failing('ResourceExhausted', 'too long', { executed: 'no' }));
    expect((await ended(clock, failureOf(run(patient)))).attempts).toHaveLength(3);
  });
});

describe('one layer of a chain repeats', () => {
  function serving(metadata: Metadata, all = attemptsOver('a', 'b')) {
    const { service, name: endpoint } = hello;
    const context = new CallContext({
      service,
      endpoint,
      metadata,
      deadline: 10_000,
      peer: undefined,
      node: 'n1',
      clock: all.clock,
    });
    return { ...all, run: (...call: Parameters<typeof all.run>) => runInContext(context, () => all.run(...call)) };
  }

  test('and says so in what it sends, from the second attempt on', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b', 'c');
    transport.answer('a:1', refused).answer('b:1', refused).answer('c:1', replying('hi'));
    await ended(clock, run({ metadata: { 'x-a': '1' } }));
    expect(transport.calls.map(({ call }) => call.metadata)).toEqual([
      { 'x-a': '1' },
      { 'x-a': '1', [callMetadata.attempt]: '2' },
      { 'x-a': '1', [callMetadata.attempt]: '3' },
    ]);
  });

  test('and sends metadata that is full as it is', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', refused).answer('b:1', replying('hi'));
    const metadata = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`x-${index}`, 'y']));
    expect(await ended(clock, run({ metadata }))).toMatchObject({ value: 'hi' });
    expect(transport.calls[1]?.call.metadata).toEqual(metadata);
  });

  test('so a call made while serving a repetition is not repeated where it may have run', async () => {
    const { clock, transport, run } = serving({ [callMetadata.attempt]: '2' });
    transport.answer('a:1', broken);
    expect((await ended(clock, failureOf(run({ idempotent: true })))).attempts).toHaveLength(1);
    transport.answer('a:1', overloaded);
    expect((await ended(clock, failureOf(run({ idempotent: true })))).attempts).toHaveLength(1);
  });

  test.each([
    ['never left', refused],
    ['was turned away by a node that leaves', draining],
  ])('but one that %s is', async (_what, answer) => {
    const { clock, transport, run } = serving({ [callMetadata.attempt]: '2' });
    transport.answer('a:1', answer).answer('b:1', replying('hi'));
    expect(await ended(clock, run())).toMatchObject({ value: 'hi' });
  });

  test('and a call made while serving a first attempt is repeated as any other', async () => {
    const { clock, transport, run } = serving({});
    transport.answer('a:1', broken).answer('b:1', replying('hi'));
    expect(await ended(clock, run({ idempotent: true }))).toMatchObject({ value: 'hi' });
  });
});

describe('what throws on the way of a call', () => {
  test('fails that call only, and is logged', async () => {
    const { logger, selector, transport, run } = attemptsOver('a');
    const fault = new TypeError('a filter is wrong');
    selector.before = () => Promise.reject(fault);
    expect(await failureOf(run())).toMatchObject({ code: 'Internal', executed: 'no' });
    expect(logger.complaints).toMatchObject([{ level: 'error', fields: { endpoint: 'Greeter.Hello', error: fault } }]);
    selector.before = undefined;
    transport.answer('a:1', replying('hi'));
    expect(await run()).toMatchObject({ value: 'hi' });
  });

  test('such as a selector that is told how it went, does not touch the reply', async () => {
    const { logger, selector, transport, run } = attemptsOver('a');
    transport.answer('a:1', replying('hi'));
    vi.spyOn(selector, 'report').mockImplementation(() => {
      throw new RangeError('no such node');
    });
    expect(await run()).toMatchObject({ value: 'hi' });
    expect(logger.complaints).toHaveLength(1);
  });
});
