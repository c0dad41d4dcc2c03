import { counted, failuresOf, median, ms, number, percent, stallOf, times } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { type Business, businesses, saturationOf } from '../harness/saturation.js';
import type { Lab } from '../lab/lab.js';
import type { LoadFindings } from '../nodes/orders.js';

export const overload: Row = {
  id: 'O-01',
  fault: 'offered 2 and 4 times what a node can serve (long: 30 s each), by computing and by waiting for a dependency',
  bar: 'goodput ≥ 90 % of peak; p99 of accepted calls ≤ 3× of p99 at 80 % load; rejects ≤ 10 ms p99, executed: no, overloaded; from 500 ms on (long: from the beginning)',

  async run(lab, { isLong, note }) {
    const found: Found[] = [];
    for (const business of businesses) {
      found.push(...(await underLoad(lab, business, isLong)));
      note(`${business.name} done`);
    }
    return {
      n: found.reduce((sum, { sent }) => sum + sent, 0),
      figure: found.map(figureOf).join('; '),
      passed: found.every(
        (one) => one.goodput >= 0.9 && one.p99Ms <= 3 * one.p99At80Ms && one.rejectP99Ms <= 10 && one.unmarked === 0,
      ),
      notes: found
        .map(
          ({ name, saturation, p99At80Ms, overall, stall, failures }) =>
            `${name}: saturation ${number(Math.round(saturation))}/s, p99 at 80 % ${ms(p99At80Ms)}; p99 of served and rejected over all stretches ${overall}, ${stall}; ${failuresOf(failures)}`,
        )
        .join('; '),
    };
  },
};

interface Found {
  readonly name: string;
  readonly saturation: number;
  readonly p99At80Ms: number;
  /** Of the peak. */
  readonly goodput: number;
  readonly p99Ms: number;
  readonly rejects: number;
  readonly rejectP99Ms: number;
  /** The same two figures of all stretches together, with what the machine did meanwhile. */
  readonly overall: string;
  readonly stall: string;
  /** Turned away without the words that let another node take the call. */
  readonly unmarked: number;
  readonly sent: number;
  readonly failures: LoadFindings['failures'];
}

async function underLoad(lab: Lab, business: Business, isLong: boolean): Promise<readonly Found[]> {
  const fleet = await lab.fleet();
  const node = await fleet.start();
  const caller = await fleet.caller();
  const saturation = await saturationOf(caller, node, business);
  // Of the stretches of a load the middle one counts: a machine that others use too stands still for some milliseconds about once a second.
  const at80 = counted(
    await caller.load({
      ...load,
      name: 'at-80',
      rate: saturation * 0.8,
      durationMs: 9 * usualMs - 1,
      windowMs: usualMs,
    }),
  );
  const peak = Math.max(saturation, median(at80.windows.map(({ succeeded }) => (succeeded * 1_000) / usualMs)));
  const found: Found[] = [];
  for (const factor of [2, 4]) {
    const overload = { ...load, rate: saturation * factor };
    // A limit needs some windows to fall, and a queue 100 ms to show that it stands: little of half a minute, and much of two seconds.
    const beginning = isLong
      ? undefined
      : caller.load({ ...overload, name: `begins-${factor}`, durationMs: beginningMs });
    if (beginning !== undefined) await lab.pass(beginningMs);
    const windowMs = isLong ? 30_000 : usualMs;
    const times = isLong ? 1 : 12;
    const order = { ...overload, name: `times-${factor}`, durationMs: windowMs * times - 1, windowMs };
    await node.report();
    const { failures, windows, sent, latencyMs, turnedAway } = counted(await caller.load(order));
    await beginning;
    const refused = failures.filter(({ code }) => code === 'ResourceExhausted' || code === 'Unavailable');
    const rejects = windows.reduce((sum, { overloaded }) => sum + overloaded, 0);
    found.push({
      name: `${business.name} ${factor}×`,
      saturation,
      p99At80Ms: median(at80.windows.map(({ p99Ms }) => p99Ms)),
      goodput: median(windows.map(({ succeeded }) => (succeeded * 1_000) / windowMs)) / peak,
      p99Ms: median(windows.map(({ p99Ms }) => p99Ms)),
      rejects,
      rejectP99Ms: median(windows.map(({ overloadedP99Ms }) => overloadedP99Ms)),
      overall: `${ms(latencyMs.p99)} and ${ms(turnedAway.overloadedP99Ms)}`,
      stall: stallOf([await node.report()]),
      unmarked: refused.reduce((sum, { count }) => sum + count, 0) - rejects,
      sent,
      failures,
    });
    await lab.pass(1_000);
  }
  await caller.close();
  await node.terminate();
  return found;
}

const load = { endpoint: 'work', options: { timeoutMs: 1_000, maxAttempts: 1 } } as const;
const beginningMs = 500;
const usualMs = 500;

function figureOf({ name, goodput, p99Ms, p99At80Ms, rejects, rejectP99Ms, unmarked }: Found): string {
  const refused = `${number(rejects)} rejects in ${ms(rejectP99Ms)} p99${unmarked === 0 ? '' : `, ${number(unmarked)} unmarked`}`;
  return `${name}: goodput ${percent(goodput)}, p99 ${ms(p99Ms)} (${times(p99Ms / p99At80Ms)}), ${refused}`;
}
