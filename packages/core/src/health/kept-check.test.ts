import { type HealthCheck, ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { RecordingMeter } from '@tenon/testing/recording-meter';
import { expect, test } from 'vitest';
import { deferred } from '../../test/deferred.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { instruments, telemetryOf } from '../telemetry/index.js';
import { KeptCheck } from './kept-check.js';

function setUp(check: HealthCheck['check']) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const meter = new RecordingMeter();
  const parts = { clock, logger, gauge: telemetryOf(meter).health, timeoutMs: 500 };
  const kept = new KeptCheck({ name: 'database', scope: 'readiness', check }, parts);
  const newest = (): number | undefined =>
    meter.newest(instruments.health.name, { check: 'database', scope: 'readiness' });
  return { clock, logger, kept, newest };
}

test('a check that passes is up, one that throws or rejects is down with its text', async () => {
  const failure = new Error('refused');
  const up = { name: 'database', scope: 'readiness', status: 'up' };
  const down = { ...up, status: 'down', error: 'refused' };
  expect(await setUp(() => {}).kept.result(0)).toEqual(up);
  expect(await setUp(async () => {}).kept.result(0)).toEqual(up);
  expect(await setUp(() => Promise.reject(failure)).kept.result(0)).toEqual(down);
  const throwing = () => {
    throw failure;
  };
  expect(setUp(throwing).kept.result(0)).toEqual(down);
});

test('however many ask, it runs once at a time, and not again before its result is too old', async () => {
  let runs = 0;
  const gate = deferred();
  const { clock, kept } = setUp(() => {
    runs += 1;
    return gate.promise;
  });
  const asked = [kept.result(1_000), kept.result(1_000), kept.result(0)];
  gate.resolve();
  await Promise.all(asked);
  await clock.advance(999);
  await kept.result(1_000);
  expect(runs).toBe(1);
  await clock.advance(1);
  await kept.result(1_000);
  expect(runs).toBe(2);
});

test('one that does not come back has failed, is told, and is not begun again until it does', async () => {
  let runs = 0;
  const gate = deferred();
  let told: AbortSignal | undefined;
  const { clock, kept } = setUp((signal) => {
    runs += 1;
    told = signal;
    return gate.promise;
  });
  const result = kept.result(0);
  await clock.advance(500);
  expect(await result).toMatchObject({ status: 'down', error: 'the check took longer than 500 ms' });
  expect(told?.aborted).toBe(true);
  expect(await kept.result(0)).toMatchObject({ status: 'down' });
  expect(runs).toBe(1);
  gate.resolve();
  await clock.advance(0);
  expect(await kept.result(0)).toMatchObject({ status: 'up' });
  expect([runs, clock.pending]).toEqual([2, 0]);
});

test('each change is said once, each result is measured', async () => {
  let failure: ServiceError | undefined;
  const { logger, kept, newest } = setUp(() => {
    if (failure !== undefined) throw failure;
  });
  await kept.result(0);
  expect([logger.lines, newest()]).toEqual([[], 1]);
  failure = new ServiceError('Unavailable', 'refused');
  for (let times = 0; times < 3; times += 1) await kept.result(0);
  expect(newest()).toBe(0);
  const which = { check: 'database', scope: 'readiness' };
  expect(logger.lines).toEqual([
    { level: 'warn', message: 'a health check fails', fields: { ...which, error: failure } },
  ]);
  failure = undefined;
  await kept.result(0);
  expect(newest()).toBe(1);
  expect(logger.lines[1]).toEqual({ level: 'info', message: 'a health check passes again', fields: which });
});
