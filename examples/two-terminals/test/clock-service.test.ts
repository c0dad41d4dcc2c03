import { createTestApp } from '@tenon/testing';
import { expect, test } from 'vitest';
import { ClockService } from '../src/clock-service.js';

test('it tells the time of a zone, UTC unless told', async () => {
  await using app = await createTestApp({ services: [ClockService] });
  const clock = app.client(ClockService);
  expect(await clock.time({ zone: 'Asia/Tokyo' })).toMatchObject({
    zone: 'Asia/Tokyo',
    time: expect.stringMatching(/^\d\d:\d\d:\d\d$/),
  });
  expect(await clock.time({})).toMatchObject({ zone: 'UTC', servedBy: process.pid });
});

test('a zone that does not exist is refused by the rule that it breaks', async () => {
  await using app = await createTestApp({ services: [ClockService] });
  await expect(app.client(ClockService).time({ zone: 'Mars/Olympus' })).rejects.toMatchObject({
    code: 'InvalidArgument',
    details: { violations: [{ field: 'zone', rule: 'isTimeZone', valueType: 'string' }] },
  });
});
