import { LeakCheck } from '@tenon/conformance';
import { expect } from 'vitest';

/** Runs something and asserts that it leaves no timer, no socket, no server and no child behind. */
export async function leavingNothing<T>(body: () => Promise<T>): Promise<T> {
  const check = new LeakCheck([
    { createdBy: 'utcDate', type: 'Timeout', reason: 'Node keeps the text of the Date header for up to a second' },
  ]);
  try {
    const result = await check.run(body);
    expect(await check.leaks(5_000), 'what is left open').toEqual([]);
    return result;
  } finally {
    check.stop();
  }
}
