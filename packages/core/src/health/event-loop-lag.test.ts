import { RecordingMeter } from '@tenon/testing/recording-meter';
import { afterEach, expect, test } from 'vitest';
import { LateClock } from '../../test/late-clock.js';
import { instruments, telemetryOf } from '../telemetry/index.js';
import { EventLoopLag } from './event-loop-lag.js';

const clock = new LateClock();
const meter = new RecordingMeter();
let lates = 0;
let lag = new EventLoopLag(clock, telemetryOf(meter).eventLoopLag, 1_000);

afterEach(() => {
  lag.stop();
  expect(clock.pending).toBe(0);
  lag = new EventLoopLag(clock, telemetryOf(meter).eventLoopLag, 1_000);
  lates = 0;
});

const start = () =>
  lag.start(() => {
    lates += 1;
  });

test('a loop that keeps up passes', async () => {
  start();
  await clock.advance(10_000);
  expect(() => lag.check()).not.toThrow();
  expect(lates).toBe(0);
});

test('after a block the check fails at once, even before its timer came, and passes after a second of quiet', async () => {
  start();
  clock.block(2_000);
  // It would have fired 100 ms after the start.
  expect(() => lag.check()).toThrow('the event loop was blocked for 1900 ms');
  await clock.advance(100);
  expect(() => lag.check()).toThrow('the event loop was blocked for 2000 ms');
  expect(lates).toBe(1);
  await clock.advance(999);
  expect(() => lag.check()).toThrow();
  await clock.advance(1);
  expect(() => lag.check()).not.toThrow();
});

test('a shorter block does not fail it, and is measured', async () => {
  start();
  clock.block(700);
  await clock.advance(1_000);
  expect(() => lag.check()).not.toThrow();
  expect(meter.newest(instruments.eventLoopLag.name)).toBe(700);
  await clock.advance(1_000);
  expect(meter.newest(instruments.eventLoopLag.name)).toBe(0);
});

test('where nothing is measured nothing fails', () => {
  clock.block(60_000);
  expect(() => lag.check()).not.toThrow();
});
