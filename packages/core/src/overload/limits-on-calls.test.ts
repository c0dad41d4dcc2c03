import { type Clock, type Interceptor, type Meter, type Provider, type ServiceError } from '@tenon/contract';
import { RecordingMeter } from '@tenon/testing/recording-meter';
import { describe, expect, test, vi } from 'vitest';
import { ArrivingCall, serve } from '../../test/arriving-call.js';
import { deferred } from '../../test/deferred.js';
import { type DispatcherSetting, dispatcherOf } from '../../test/dispatcher-under-test.js';
import { failureOf } from '../../test/failure-of.js';
import { collected } from '../../test/fed-messages.js';
import { bulkhead } from './bulkhead.js';
import { rateLimit } from './rate-limit.js';

/** A dispatcher behind one of these interceptors. */
function behind(provider: Provider<Interceptor>, setting: DispatcherSetting = {}) {
  const meter = new RecordingMeter();
  let interceptor: Interceptor | undefined;
  const parts = dispatcherOf({
    ...setting,
    early: [(call, next) => (interceptor as Interceptor).intercept(call, next)],
  });
  const create = provider.create as unknown as (...needs: (Clock | Meter)[]) => Interceptor;
  interceptor = provider.dependencies.length === 1 ? create(meter) : create(parts.clock, meter);
  return { ...parts, meter, interceptor };
}

const from = (address: string, identity?: string): ArrivingCall => {
  const call = new ArrivingCall();
  return Object.assign(call, { peer: { ...call.peer, address, identity } });
};

const overloaded = { code: 'ResourceExhausted', executed: 'no', refusal: 'overloaded', endpoint: 'Greeter.Hello' };

async function outcomes(calls: readonly Promise<unknown>[]): Promise<readonly string[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((one) => (one.status === 'fulfilled' ? 'ok' : (one.reason as ServiceError).code));
}

describe('a rate limit', () => {
  test('lets a burst through, then as many as its rate, and says what it is', async () => {
    const { clock, dispatcher, meter } = behind(rateLimit({ perSecond: 10, burst: 2 }));
    const call = (): Promise<unknown> => serve(dispatcher);
    expect(await outcomes([call(), call(), call()])).toEqual(['ok', 'ok', 'ResourceExhausted']);
    await clock.advance(99);
    const error = await failureOf(call());
    expect(error).toMatchObject(overloaded);
    expect(error.message).toContain('rate-limit: more than 10 calls a second');
    await clock.advance(1);
    expect(await outcomes([call(), call()])).toEqual(['ok', 'ResourceExhausted']);
    await clock.advance(60_000);
    expect(await outcomes([call(), call(), call()])).toEqual(['ok', 'ok', 'ResourceExhausted']);
    expect(
      meter.total('tenon.server.shed', { endpoint: 'Greeter.Hello', reason: 'rate_limit', priority: 'normal' }),
    ).toBe(4);
  });

  test('refuses before the request is decoded', async () => {
    const { dispatcher } = behind(rateLimit({ perSecond: 1 }));
    await serve(dispatcher);
    const call = new ArrivingCall();
    await failureOf(serve(dispatcher, call));
    expect(call.decoded).toEqual([]);
  });

  test('for each peer tells them apart by who they have proved to be, else by machine', async () => {
    const { dispatcher } = behind(rateLimit({ perSecond: 1, by: 'peer' }));
    const calls = [
      from('10.0.0.1:1'),
      from('10.0.0.1:2'),
      from('10.0.0.2:1'),
      from('10.0.0.1:1', 'spiffe://acme/a'),
      from('[::1]:1'),
      from('[::1]:2'),
    ];
    expect(await outcomes(calls.map((call) => serve(dispatcher, call)))).toEqual([
      'ok',
      'ResourceExhausted',
      'ok',
      'ok',
      'ok',
      'ResourceExhausted',
    ]);
  });

  test('forgets of more than 10,000 peers the one that was seen longest ago', async () => {
    const { dispatcher } = behind(rateLimit({ perSecond: 0.001, burst: 1, by: 'peer' }));
    await serve(dispatcher, from('first:1'));
    await serve(dispatcher, from('second:1'));
    await failureOf(serve(dispatcher, from('first:1')));
    for (let peer = 0; peer < 9_999; peer += 1) await serve(dispatcher, from(`p${peer}:1`));
    expect(await outcomes(['first:1', 'second:1'].map((peer) => serve(dispatcher, from(peer))))).toEqual([
      'ResourceExhausted',
      'ok',
    ]);
  });

  test('for some endpoints leaves the others alone, and what is no endpoint', async () => {
    const others = behind(rateLimit({ perSecond: 1, endpoints: ['Greeter.Bye'] }));
    expect(await outcomes([serve(others.dispatcher), serve(others.dispatcher)])).toEqual(['ok', 'ok']);
    const { dispatcher, meter } = behind(rateLimit({ perSecond: 1 }));
    const unknown = (name: string): Promise<unknown> => serve(dispatcher, new ArrivingCall({ endpoint: name }));
    expect(await outcomes([unknown('a'), unknown('b'), unknown('b')])).toEqual(Array(3).fill('Unimplemented'));
    expect(meter.series('tenon.server.shed')).toEqual([]);
  });
});

describe('a bulkhead', () => {
  function held(options: Parameters<typeof bulkhead>[0]) {
    const gates: (() => void)[] = [];
    const handle = vi.fn(() => {
      const gate = deferred<string>();
      gates.push(() => gate.resolve('hi'));
      return gate.promise;
    });
    return { ...behind(bulkhead(options), { handle }), gates, handle };
  }

  test('lets so many run, so many wait, and turns further ones away', async () => {
    const { clock, dispatcher, gates, handle, meter } = held({ maxConcurrent: 1, maxWaiting: 1 });
    const calls = [serve(dispatcher), serve(dispatcher)];
    const error = await failureOf(serve(dispatcher));
    expect(error).toMatchObject(overloaded);
    expect(error.message).toContain('bulkhead: 1 calls run and 1 wait already');
    expect(handle).toHaveBeenCalledTimes(1);
    gates[0]?.();
    await clock.advance(1);
    expect(handle).toHaveBeenCalledTimes(2);
    gates[1]?.();
    expect(await outcomes(calls)).toEqual(['ok', 'ok']);
    expect(meter.total('tenon.server.shed', { reason: 'bulkhead' })).toBe(1);
    const next = serve(dispatcher);
    await clock.advance(1);
    gates[2]?.();
    expect(await outcomes([next])).toEqual(['ok']);
  });

  test('lets go of a call that fails, and of one that leaves while it waits', async () => {
    const { clock, dispatcher, gates, handle } = held({ maxConcurrent: 1, maxWaiting: 1, name: 'narrow' });
    const first = serve(dispatcher);
    const waiting = new ArrivingCall();
    const left = failureOf(serve(dispatcher, waiting));
    await clock.advance(1);
    waiting.cancel();
    expect(await left).toMatchObject({ code: 'Canceled', executed: 'no' });
    handle.mockImplementationOnce(() => Promise.reject(new Error('odd')));
    const failing = failureOf(serve(dispatcher));
    gates[0]?.();
    await first;
    expect(await failing).toMatchObject({ code: 'Internal' });
    const last = serve(dispatcher);
    await clock.advance(1);
    gates[1]?.();
    expect(await outcomes([last])).toEqual(['ok']);
  });

  test('holds a stream until its last message, or until nobody reads on', async () => {
    async function* two(): AsyncGenerator<number> {
      yield 1;
      yield 2;
    }
    const { dispatcher } = behind(bulkhead({ maxConcurrent: 1 }), { handle: two, kind: 'server' });
    const stream = (): Promise<unknown> => serve(dispatcher, new ArrivingCall({ kind: 'server' }));
    const read = await serve(dispatcher, new ArrivingCall({ kind: 'server' }));
    expect(await failureOf(stream())).toMatchObject(overloaded);
    expect(await collected(read.messages)).toEqual([1, 2]);
    const left = await serve(dispatcher, new ArrivingCall({ kind: 'server' }));
    expect(await failureOf(stream())).toMatchObject(overloaded);
    await left.messages?.[Symbol.asyncIterator]().return?.();
    expect(await outcomes([stream()])).toEqual(['ok']);
  });
});

test.each([
  ['rateLimit.perSecond', () => rateLimit({ perSecond: 0 })],
  ['rateLimit.perSecond', () => rateLimit({} as { perSecond: number })],
  ['rateLimit.burst', () => rateLimit({ perSecond: 1, burst: 0.5 })],
  ['bulkhead.maxConcurrent', () => bulkhead({ maxConcurrent: 0 })],
  ['bulkhead.maxConcurrent', () => bulkhead({} as { maxConcurrent: number })],
  ['bulkhead.maxWaiting', () => bulkhead({ maxConcurrent: 1, maxWaiting: -1 })],
  ['bulkhead.by', () => bulkhead({ maxConcurrent: 1, by: 'caller' as 'peer' })],
])('%s out of its range is refused by name', async (name, make) => {
  expect(await failureOf(make)).toMatchObject({
    code: 'InvalidArgument',
    executed: 'no',
    rawMessage: expect.stringContaining(name),
  });
});

test('several of one kind stand side by side by their names', () => {
  expect(
    [rateLimit({ perSecond: 1 }), rateLimit({ perSecond: 1, name: 'login' })].map((one) => behind(one).interceptor),
  ).toMatchObject([
    { name: 'rate-limit', places: ['early'] },
    { name: 'login', places: ['early'] },
  ]);
});
