import { expect, test, vi } from 'vitest';
import { attemptsWith, broken, ended } from '../../test/attempts-under-test.js';
import { failureOf } from '../../test/failure-of.js';
import { FedMessages } from '../../test/fed-messages.js';
import { hello } from '../../test/greeter.js';
import { failing, replying } from '../../test/scripted-transport.js';
import { runAttempts } from './attempts.js';
import { resolveClientOptions } from './client-options.js';
import { type PreparedCall, prepareCall } from './prepared-call.js';

const changes = 'tenon.client.breaker_changes';

function opened() {
  const all = attemptsWith({ breaker: { minCalls: 2 } }, 'a');
  all.transport.answer('a:1', broken);
  const open = async (): Promise<void> => {
    for (let call = 0; call < 2; call += 1) await failureOf(all.run());
  };
  return { ...all, open };
}

test('a call whose breaker is open fails at once, without an attempt, and says why', async () => {
  const { logger, meter, selector, run, open } = opened();
  await open();
  const error = await failureOf(run());
  expect(error).toMatchObject({ code: 'Unavailable', executed: 'no', attempts: [], endpoint: 'Greeter.Hello' });
  expect(error.rawMessage).toContain('the circuit breaker of greeter Greeter.Hello is open');
  expect(selector.selects).toHaveLength(2);
  expect(logger.complaints).toMatchObject([{ fields: { service: 'greeter', endpoint: 'Greeter.Hello' } }]);
  expect(meter.series(changes)).toEqual([{ service: 'greeter', endpoint: 'Greeter.Hello', state: 'open' }]);
});

test('after a while one call is let through, and with its success all are', async () => {
  const { clock, meter, transport, run, open } = opened();
  await open();
  transport.answer('a:1', replying('hi'));
  await clock.advance(5_000);
  const [trial, other] = await Promise.allSettled([run(), run()]);
  expect([trial?.status, other?.status]).toEqual(['fulfilled', 'rejected']);
  expect(await run()).toMatchObject({ value: 'hi' });
  expect(meter.series(changes).map(({ state }) => state)).toEqual(['open', 'half_open', 'closed']);
});

test('each endpoint has its own', async () => {
  const { transport, run, open } = opened();
  await open();
  transport.answer('a:1', replying('bye'));
  expect(await run({}, { ...hello, name: 'Greeter.Bye' })).toMatchObject({ value: 'bye' });
});

test('what a handler refuses for the sake of the request does not open it', async () => {
  const { clock, meter, transport, run } = opened();
  transport.answer('a:1', failing('NotFound', 'x', { executed: 'yes', answered: true }));
  for (let call = 0; call < 5; call += 1) await ended(clock, failureOf(run()));
  expect(meter.series(changes)).toEqual([]);
});

test('a stream that is refused leaves the requests of its caller, and the signal of its interceptors', async () => {
  const { parts, clock, open } = opened();
  await open();
  const streaming = { ...hello, kind: 'client' } as const;
  const client = resolveClientOptions();
  const prepared = (): PreparedCall => prepareCall(streaming, undefined, new FedMessages(), {}, client, clock);
  for (let call = 0; call < 2; call += 1) await failureOf(async () => runAttempts(prepared(), parts, clock.now()));
  const call = prepared();
  const close = vi.spyOn(call.messages as NonNullable<PreparedCall['messages']>, 'close');
  const signal = { release: vi.fn() };
  expect(await failureOf(async () => runAttempts(call, parts, clock.now(), signal))).toMatchObject({ attempts: [] });
  expect([signal.release.mock.calls.length, close.mock.calls.length]).toEqual([1, 1]);
});
