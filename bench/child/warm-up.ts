import { cpuMs } from '../harness/cpu-clock.js';

/**
 * Has `work` done for the given time, and on a machine that others use as well up to three times as long, until this
 * process had its share of a processor: code that has not run is not compiled, whatever the clock says.
 */
export async function warmUp(work: (forMs: number) => Promise<unknown>, forMs: number): Promise<void> {
  const [began, before] = [performance.now(), cpuMs()];
  await work(forMs);
  while (cpuMs() - before < forMs * 0.6 && performance.now() - began < forMs * 3) await work(forMs / 4);
}
