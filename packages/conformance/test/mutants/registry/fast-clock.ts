import type { Clock } from '@tenon/contract';
import { systemClock } from '@tenon/contract/authoring';

/** Time that runs ten times as fast, so that mutants with times to live are caught in a fraction of a second. */
export function fastClock(ignores: (delayMs: number) => boolean = () => false): Clock {
  const clock = systemClock();
  return {
    now: () => clock.now() * speed,
    wallTime: () => clock.wallTime(),
    after: (delayMs, callback) => (ignores(delayMs) ? () => {} : clock.after(delayMs / speed, callback)),
  };
}

const speed = 10;
