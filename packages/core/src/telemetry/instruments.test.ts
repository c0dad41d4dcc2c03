import { RecordingMeter } from '@tenon/testing/recording-meter';
import { expect, test } from 'vitest';
import { type Instrument, instruments, telemetryOf } from './instruments.js';

test('every instrument is made under its own name, and counts', () => {
  const meter = new RecordingMeter();
  const telemetry = telemetryOf(meter);
  telemetry.retries.add(2, { service: 'greeter' });
  telemetry.retries.add(1, { service: 'other' });
  telemetry.ejected.set(3, { service: 'greeter' });
  telemetry.queueDelay.record(7);
  expect(meter.total('tenon.client.retries')).toBe(3);
  expect(meter.total('tenon.client.retries', { service: 'greeter' })).toBe(2);
  expect(meter.newest('tenon.client.ejected_nodes', { service: 'greeter' })).toBe(3);
  expect(meter.values('tenon.server.queue_delay')).toEqual([7]);
});

test('names are dotted and lower case, and no two are the same', () => {
  const names = Object.values<Instrument>(instruments).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^tenon(\.[a-z][a-z_]*)+$/);
});
