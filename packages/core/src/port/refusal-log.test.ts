import { FakeClock } from '@tenon/testing';
import { expect, test } from 'vitest';
import { RecordingLogger } from '../../test/recording-logger.js';
import { RefusalLog } from './refusal-log.js';

test('each reason is said once in 10 s, then with the number of those that were left out', async () => {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const log = new RefusalLog(logger, clock);
  for (let count = 0; count < 1_000; count += 1) log.say('refused', 'a:1', 'no TLS');
  log.say('refused', 'b:2', 'too late');
  expect(logger.lines.map(({ fields }) => fields)).toEqual([
    { peer: 'a:1', cause: 'no TLS' },
    { peer: 'b:2', cause: 'too late' },
  ]);
  await clock.advance(10_000);
  log.say('refused', 'c:3', 'no TLS');
  expect(logger.lines.at(-1)).toEqual({
    level: 'warn',
    message: 'refused',
    fields: { peer: 'c:3', cause: 'no TLS', unsaid: 999 },
  });
});
