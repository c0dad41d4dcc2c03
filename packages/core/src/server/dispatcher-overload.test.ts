import { type Intercept, ServiceError } from '@tenon/contract';
import { describe, expect, test, vi } from 'vitest';
import { ArrivingCall, serve } from '../../test/arriving-call.js';
import { deferred } from '../../test/deferred.js';
import { type DispatcherSetting, dispatcherOf } from '../../test/dispatcher-under-test.js';
import { failureOf } from '../../test/failure-of.js';
import { LateClock } from '../../test/late-clock.js';
import { callContext } from '../context/index.js';

/** A dispatcher that runs one call at a time; each ends when it is told to. */
function oneAtATime(setting: DispatcherSetting = {}) {
  const ends: (() => void)[] = [];
  const handle = vi.fn(() => {
    const gate = deferred();
    ends.push(() => gate.resolve());
    return gate.promise.then(() => callContext().metadata['x-name']);
  });
  const all = dispatcherOf({ handle, options: { concurrency: 1 }, ...setting });
  const named = (name: string, init: ConstructorParameters<typeof ArrivingCall>[0] = {}): ArrivingCall =>
    new ArrivingCall({ ...init, metadata: { ...init.metadata, 'x-name': name } });
  return { ...all, ends, handle, named };
}

describe('a call that waits for its turn', () => {
  test('is served in its own context once it has it', async () => {
    const { clock, dispatcher, ends, handle, named } = oneAtATime();
    const outcomes = ['1', '2'].map((name) => serve(dispatcher, named(name)));
    await clock.advance(50);
    expect(handle).toHaveBeenCalledTimes(1);
    ends[0]?.();
    await clock.advance(1);
    ends[1]?.();
    expect((await Promise.all(outcomes)).map(({ value }) => value)).toEqual(['1', '2']);
    await dispatcher.drain();
    expect(clock.pending).toBe(0);
  });

  test('is answered at its deadline, and says that it did not run', async () => {
    const { clock, dispatcher, ends, handle, named } = oneAtATime();
    void serve(dispatcher, named('1'));
    const failed = failureOf(serve(dispatcher, named('2', { deadline: 20 })));
    await clock.advance(20);
    expect(await failed).toMatchObject({ code: 'DeadlineExceeded', executed: 'no' });
    expect((await failed).message).toContain('while the call waited for its turn');
    ends[0]?.();
    await dispatcher.drain();
    expect(handle).toHaveBeenCalledTimes(1);
  });

  test('is not begun after its deadline either, where the timer that tells it is late', async () => {
    const clock = new LateClock();
    const turns: (() => void)[] = [];
    const { dispatcher, ends, handle, named } = oneAtATime({ clock, afterReads: (turn) => void turns.push(turn) });
    const first = serve(dispatcher, named('1', { deadline: clock.now() + 1_000 }));
    const failed = failureOf(serve(dispatcher, named('2', { deadline: clock.now() + 20 })));
    ends[0]?.();
    await first;
    clock.block(30);
    for (const turn of turns.splice(0)) turn();
    expect(await failed).toMatchObject({ code: 'DeadlineExceeded', executed: 'no' });
    expect(handle).toHaveBeenCalledTimes(1);
  });

  test('goes when its caller leaves, and the next one has its turn', async () => {
    const { clock, dispatcher, ends, named } = oneAtATime();
    const calls = ['1', '2', '3'].map((name) => named(name));
    const outcomes = calls.map((call) => serve(dispatcher, call));
    calls[1]?.cancel();
    calls[1]?.cancel();
    expect(await failureOf(outcomes[1] as Promise<unknown>)).toMatchObject({ code: 'Canceled', executed: 'no' });
    ends[0]?.();
    await clock.advance(1);
    ends[1]?.();
    expect(await outcomes[2]).toMatchObject({ value: '3' });
    await dispatcher.drain();
    expect(calls.map(({ answers }) => answers)).toEqual([1, 1, 1]);
  });

  test('is still served by a node that is leaving, and cancelled with the others', async () => {
    const { clock, dispatcher, ends, named } = oneAtATime();
    const outcomes = ['1', '2', '3'].map((name) => serve(dispatcher, named(name)));
    const drained = vi.fn();
    void dispatcher.drain().then(drained);
    expect(await failureOf(serve(dispatcher))).toMatchObject({ code: 'Unavailable', refusal: 'draining' });
    ends[0]?.();
    await clock.advance(1);
    ends[1]?.();
    expect(await outcomes[1]).toMatchObject({ value: '2' });
    await clock.advance(1);
    const failed = failureOf(outcomes[2] as Promise<unknown>);
    dispatcher.cancelAll();
    expect(await failed).toMatchObject({ code: 'Unavailable' });
    expect(drained).not.toHaveBeenCalled();
    ends[2]?.();
    await clock.advance(1);
    expect(drained).toHaveBeenCalled();
  });

  test('is not decoded before, and is turned away undecoded', async () => {
    const { clock, dispatcher, named } = oneAtATime();
    void serve(dispatcher, named('1'));
    const call = named('2');
    const failed = failureOf(serve(dispatcher, call));
    await clock.advance(110);
    expect(await failed).toMatchObject({
      code: 'ResourceExhausted',
      executed: 'no',
      refusal: 'overloaded',
      service: 'greeter',
      endpoint: 'Greeter.Hello',
    });
    expect(call.decoded).toEqual([]);
  });

  test('more important than others goes before them', async () => {
    const { clock, dispatcher, ends, named } = oneAtATime();
    const order: string[] = [];
    const priorities = [undefined, 'bulk', 'normal', 'critical'];
    const outcomes = priorities.map((priority = 'first') =>
      serve(dispatcher, named(priority, { metadata: { 'tenon-priority': priority } })).then(({ value }) =>
        order.push(String(value)),
      ),
    );
    for (let call = 0; call < priorities.length; call += 1) {
      ends[call]?.();
      await clock.advance(1);
    }
    await Promise.all(outcomes);
    expect(order).toEqual(['first', 'critical', 'normal', 'bulk']);
  });
});

test('early interceptors see what became of calls that waited, whatever it was', async () => {
  const seen: string[] = [];
  const note: Intercept = async (call, next) => {
    try {
      return await next(call);
    } catch (thrown) {
      seen.push(`${call.metadata['x-name']}: ${ServiceError.from(thrown).code}`);
      throw thrown;
    }
  };
  const { clock, dispatcher, named } = oneAtATime({ early: [note] });
  void serve(dispatcher, named('1'));
  const calls = [named('late', { deadline: 10 }), named('left'), named('shed')];
  const failed = calls.map((call) => failureOf(serve(dispatcher, call)));
  calls[1]?.cancel();
  await clock.advance(110);
  await Promise.all(failed);
  expect(seen).toEqual(['left: Canceled', 'late: DeadlineExceeded', 'shed: ResourceExhausted']);
});

describe('what does not wait', () => {
  test('is a call made within the process, however many run', async () => {
    const { dispatcher, ends, handle, named } = oneAtATime();
    const outcomes = ['1', '2', '3'].map((name) => serve(dispatcher.inside, named(name)));
    expect(handle).toHaveBeenCalledTimes(3);
    for (const end of ends) end();
    expect((await Promise.all(outcomes)).map(({ value }) => value)).toEqual(['1', '2', '3']);
    await dispatcher.drain();
  });

  test('is a stream', () => {
    const handle = vi.fn(() => deferred().promise);
    const { dispatcher } = dispatcherOf({ handle, kind: 'server', options: { concurrency: 1 } });
    for (let call = 0; call < 3; call += 1) void serve(dispatcher, new ArrivingCall({ kind: 'server' }));
    expect(handle).toHaveBeenCalledTimes(3);
  });

  test('is a call to nothing that is here, which is counted under no name of its own', async () => {
    const { dispatcher, meter, named } = oneAtATime();
    void serve(dispatcher, named('1'));
    expect(await failureOf(serve(dispatcher, named('2', { endpoint: 'Greeter.Bye' })))).toMatchObject({
      code: 'Unimplemented',
    });
    void dispatcher.drain();
    await failureOf(serve(dispatcher, named('3', { endpoint: 'Greeter.Bye' })));
    await failureOf(serve(dispatcher, named('4')));
    expect(meter.series('tenon.server.shed')).toEqual([
      { service: 'unknown', endpoint: 'unknown', reason: 'draining', priority: 'normal' },
      { service: 'greeter', endpoint: 'Greeter.Hello', reason: 'draining', priority: 'normal' },
    ]);
  });
});

test('the times of calls that take some are learnt from, a hundred a second at most', async () => {
  const { clock, dispatcher, meter, named, ends } = oneAtATime({ options: { concurrency: { initial: 20 } } });
  for (let round = 0; round < 60; round += 1) {
    for (let call = 0; call < 20; call += 1) void serve(dispatcher, named('1'));
    await clock.advance(10);
    for (const end of ends.splice(0)) end();
    await clock.advance(0);
  }
  expect(meter.newest('tenon.server.concurrency_limit')).toBeGreaterThan(20);
});
