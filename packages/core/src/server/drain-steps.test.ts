import { FakeClock } from '@tenon/testing/fake-clock';
import { RecordingMeter } from '@tenon/testing/recording-meter';
import { expect, test, vi } from 'vitest';
import { listenersOn } from '../../test/listeners-on.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { instruments, telemetryOf } from '../telemetry/index.js';
import { DrainPlan } from './drain-plan.js';
import { DrainSteps } from './drain-steps.js';

function setUp() {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const meter = new RecordingMeter();
  const plan = new DrainPlan({});
  const steps = new DrainSteps({ plan, clock, logger, took: telemetryOf(meter).drains });
  const { signal } = new AbortController();
  return { clock, logger, meter, plan, steps, signal };
}

test('a step is measured and logged, and followed by the hooks of its moment', async () => {
  const { clock, logger, meter, plan, steps, signal } = setUp();
  const order: string[] = [];
  plan.add('deregistered', 'Orders.flush', () => void order.push('hook'));
  plan.add('finished', 'Orders.last', () => void order.push('another moment'));
  const taking = steps.take('deregistered', signal, () => new Promise<void>((resolve) => clock.after(30, resolve)));
  void taking.then(() => order.push('taken'));
  await clock.advance(30);
  await taking;
  expect(order).toEqual(['hook', 'taken']);
  expect(meter.values(instruments.drains.name, { step: 'deregistered' })).toEqual([30]);
  const fields = { step: 'deregistered', tookMs: 30 };
  expect(logger.lines).toEqual([{ level: 'debug', message: 'a step of draining is done', fields }]);
  expect([clock.pending, listenersOn(signal)]).toEqual([0, 0]);
});

test('what fails is logged by its name, and the drain goes on', async () => {
  const { logger, plan, steps, signal } = setUp();
  const [inStep, inHook] = [new Error('step'), new Error('hook')];
  const other = vi.fn();
  plan.add('notReady', 'Orders.flush', () => {
    throw inHook;
  });
  plan.add('notReady', 'Orders.tell', other);
  await steps.take('notReady', signal, () => Promise.reject(inStep));
  expect(logger.complaints).toEqual([
    { level: 'error', message: 'a step of draining failed', fields: { step: 'notReady', error: inStep } },
    {
      level: 'error',
      message: 'a drain hook failed; draining goes on',
      fields: { hook: 'Orders.flush', moment: 'notReady', error: inHook },
    },
  ]);
  expect(other).toHaveBeenCalledOnce();
});

test('a hook that hangs is told after 5 s, and not waited for', async () => {
  const { clock, logger, plan, steps, signal } = setUp();
  let told: AbortSignal | undefined;
  plan.add('finished', 'Orders.flush', (own) => {
    told = own;
    return new Promise(() => {});
  });
  const taken = vi.fn();
  void steps.take('finished', signal, () => {}).then(taken);
  await clock.advance(4_999);
  expect([taken.mock.calls.length, told?.aborted]).toEqual([0, false]);
  await clock.advance(1);
  expect([taken.mock.calls.length, told?.aborted]).toEqual([1, true]);
  expect(logger.complaints).toMatchObject([
    {
      fields: { hook: 'Orders.flush', error: { code: 'DeadlineExceeded', rawMessage: 'it took longer than 5000 ms' } },
    },
  ]);
});

test('the end of the drain ends a hook, and the steps after it have none', async () => {
  const { clock, plan, steps } = setUp();
  const stop = new AbortController();
  const late = vi.fn();
  plan.add('peersTold', 'Orders.flush', () => new Promise(() => {}));
  plan.add('finished', 'Orders.last', late);
  const taking = steps.take('peersTold', stop.signal, () => {});
  await clock.advance(0);
  stop.abort();
  await taking;
  await steps.take('finished', stop.signal, () => {});
  expect(late).not.toHaveBeenCalled();
  expect([clock.pending, listenersOn(stop.signal)]).toEqual([0, 0]);
});

test('a moment that does not exist is refused by the name of its hook', () => {
  const { plan } = setUp();
  expect(() => plan.add('gone' as 'finished', 'Orders.flush', () => {})).toThrow(
    'Orders.flush: there is no moment "gone" of a drain; there are notReady, deregistered, peersTold, finished',
  );
});
