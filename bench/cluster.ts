import { Cluster, FakeClock } from '@tenon/testing';
import { Endpoint, Service } from 'tenon';
import { tell } from './harness/command.js';

// A fleet in one process: how long 2 s of fake time take with 20 nodes, and with starting, calling and closing them all.
// Run: npm run bench -- cluster

@Service('pinged')
class Pinged {
  @Endpoint({ idempotent: true })
  ping(): string {
    return 'pong';
  }
}

const nodes = 20;
const fakeMs = 2_000;
const barMs = 1_000;
const rounds = 7;

/** Milliseconds of real time: for the fake time alone, and for the whole life of the fleet. */
async function round(): Promise<{ readonly advanceMs: number; readonly wholeMs: number }> {
  const began = performance.now();
  const clock = new FakeClock();
  const cluster = new Cluster({ clock });
  for (let node = 0; node < nodes; node += 1) await cluster.start({ services: [Pinged] });
  const started = performance.now();
  await clock.advance(fakeMs);
  const advanceMs = performance.now() - started;
  const replies = await Promise.all(cluster.apps.map((app) => app.client(Pinged).ping()));
  if (replies.some((reply) => reply !== 'pong')) throw new Error(`a node answered ${replies.join(', ')}`);
  await cluster.close();
  return { advanceMs, wholeMs: performance.now() - began };
}

const results: Awaited<ReturnType<typeof round>>[] = [];
for (let time = 0; time < rounds; time += 1) results.push(await round());
const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[rounds >> 1] ?? Number.NaN;
const [advanceMs, wholeMs] = [median(results.map((one) => one.advanceMs)), median(results.map((one) => one.wholeMs))];
const met = wholeMs < barMs;
console.log(`${nodes} nodes, ${fakeMs} ms of fake time, medians of ${rounds}:`);
console.log(`  the time alone      ${advanceMs.toFixed(1)} ms`);
console.log(`  their whole life    ${wholeMs.toFixed(0)} ms, bar < ${barMs} ms, ${met ? 'met' : 'NOT MET'}`);
tell([
  {
    bar: `cluster: ${nodes} nodes, their whole life < ${barMs} ms`,
    found: `${wholeMs.toFixed(0)} ms`,
    outcome: met ? 'met' : 'NOT MET',
  },
]);
console.log(`\n${met ? '1 passed, 0 failed' : '0 passed, 1 failed'}, 0 skipped`);
process.exitCode = met ? 0 : 1;
