import { constants, setPriority } from 'node:os';
import { OpenLoopLoad } from '@tenon/testing';

/** Runs the loads that this process is asked for, one after another, and tells what each found. */
export function answerLoads(call) {
  goFirst();
  process.on('disconnect', () => process.exit(0));
  process.on('message', async ({ rate, durationMs }) => {
    const result = await new OpenLoopLoad({ rate, durationMs, call, settleMs: 5_000 }).run();
    process.send({ result });
  });
  process.send({ ready: 0 });
}

/** A generator that waits for a processor measures the machine instead of the fleet. */
function goFirst() {
  try {
    setPriority(constants.priority.PRIORITY_HIGH);
  } catch {
    // Only root may.
  }
}
