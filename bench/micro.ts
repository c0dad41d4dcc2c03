import { Bench } from 'tinybench';
import { circumstances, writePage } from './harness/circumstances.js';
import { cpuMs } from './harness/cpu-clock.js';
import { type Spread, spread } from './harness/statistics.js';
import { callParts } from './micro/call-parts.js';
import { checksumParts, codecParts } from './micro/codec-parts.js';
import { interceptorParts } from './micro/interceptor-parts.js';
import type { Part } from './micro/part.js';

// The parts of a call, each alone, so that a slow one shows by name. Run: npm run bench -- micro [--quick]
// CPU time of one doing, medians of rounds in which the parts take turns. No bars: what a part may cost, the whole says.

const quick = process.argv.includes('--quick');
const [rounds, timeMs] = quick ? [3, 20] : [7, 100];

const local = await interceptorParts();
const parts = [...codecParts(), ...checksumParts(), ...callParts(), ...local.parts];
const figures = new Map<Part, number[]>(parts.map((part) => [part, []]));
// One round more than is counted warms up.
for (let round = 0; round <= rounds; round += 1) {
  for (const part of round % 2 === 0 ? parts : parts.toReversed()) {
    const nanoseconds = await measured(part);
    if (round > 0) figures.get(part)?.push(nanoseconds);
  }
}
await local.close();

const spreads = parts.map((part) => ({ ...part, ...spread(figures.get(part) ?? []) }));
const text = tableOf(spreads);
console.log(text);
if (!quick) {
  const outcomes = spreads.map(({ group, name, median, min, max }) => ({ group, name, median, min, max }));
  writePage('micro', text, circumstances(['msgpackr', 'tinybench'], 'npm run bench -- micro'), { outcomes });
}
const broken = spreads.filter(({ median }) => !(median > 0)).length;
console.log(`\n${spreads.length - broken} passed, ${broken} failed, 0 skipped`);
process.exitCode = broken === 0 ? 0 : 1;

/** Nanoseconds of CPU time for one doing. Done in batches of about a millisecond, beside which the clock costs nothing. */
async function measured(part: Part): Promise<number> {
  const probe = 50;
  const began = process.hrtime.bigint();
  await part.run(probe);
  const batch = Math.max(1, Math.round(1e6 / (Number(process.hrtime.bigint() - began) / probe)));
  const bench = new Bench({ time: timeMs, warmupTime: timeMs / 4, now: cpuMs });
  bench.add(part.name, () => part.run(batch) as Promise<void>);
  await bench.run();
  const result = bench.tasks[0]?.result;
  if (result === undefined || !('latency' in result)) throw new Error(`${part.name} was not measured`);
  return (result.latency.mean * 1e6) / batch;
}

function tableOf(rows: readonly (Part & Spread)[]): string {
  const first = new Map<string, number>();
  const groups = [...new Set(rows.map(({ group }) => group))];
  const lines = rows
    .toSorted((one, other) => groups.indexOf(one.group) - groups.indexOf(other.group))
    .map(({ group, name, median, min, max }) => {
      if (!first.has(group)) first.set(group, median);
      const ratio = (median / (first.get(group) ?? median)).toFixed(2);
      return `| ${group} | ${name} | ${whole(median)} | ${whole(min)}–${whole(max)} | ${ratio} |`;
    });
  return ['| part | | ns each | min–max | to the first |', '|---|---|---|---|---|', ...lines].join('\n');
}

function whole(nanoseconds: number): string {
  return Math.round(nanoseconds).toLocaleString('en-US');
}
