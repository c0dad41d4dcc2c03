import { Bench } from 'tinybench';
import { cpuMs } from './cpu-clock.js';
import { median } from './statistics.js';

/** Two ways to do the same, and by how much the one must be faster. */
export interface Contest {
  readonly name: string;
  readonly ours: () => unknown;
  readonly theirs: () => unknown;
  /** The least ratio of their time to ours. */
  readonly bar: number;
  /** Throws unless both give the same answers. */
  readonly verify: () => void;
}

export interface Outcome {
  readonly name: string;
  readonly bar: number;
  /** Medians over the repetitions, in nanoseconds a call. */
  readonly oursNs: number;
  readonly theirsNs: number;
  /** The median of the repetitions' ratios, not the ratio of the medians: each repetition saw the same machine. */
  readonly ratio: number;
  readonly lowest: number;
  readonly highest: number;
  readonly met: boolean;
}

export interface Effort {
  readonly repetitions: number;
  /** How long each side is measured in one repetition, in milliseconds. */
  readonly timeMs: number;
}

/**
 * Measures every contest in one run: the answers first, then repetitions in which the contests take turns and the two
 * sides of each change who goes first, so that what the machine does besides falls on both.
 */
export async function sideBySide(contests: readonly Contest[], effort: Effort): Promise<readonly Outcome[]> {
  for (const contest of contests) contest.verify();
  const samples = new Map(contests.map((contest) => [contest, [] as Sample[]]));
  // One repetition more than is counted: the first warms up every contest's code with every other's in place.
  for (let repetition = 0; repetition <= effort.repetitions; repetition += 1) {
    for (const contest of contests) {
      const sample = await measure(contest, effort.timeMs, repetition % 2 === 1);
      if (repetition > 0) samples.get(contest)?.push(sample);
    }
  }
  return contests.map((contest) => outcome(contest, samples.get(contest) ?? []));
}

interface Sample {
  readonly oursNs: number;
  readonly theirsNs: number;
}

async function measure(contest: Contest, timeMs: number, theirsFirst: boolean): Promise<Sample> {
  const sides = [
    { name: 'ours', run: contest.ours },
    { name: 'theirs', run: contest.theirs },
  ];
  const nanoseconds = new Map<string, number>();
  for (const { name, run } of theirsFirst ? sides.reverse() : sides) nanoseconds.set(name, await time(run, timeMs));
  return { oursNs: nanoseconds.get('ours') ?? Number.NaN, theirsNs: nanoseconds.get('theirs') ?? Number.NaN };
}

/**
 * The CPU time of a call, garbage collection and compiling included. Not the time on the clock: what other processes take
 * of a shared machine would fall on whoever is measured at that moment. Calls are timed in batches of about a
 * millisecond, beside which the clock costs nothing.
 */
async function time(run: () => unknown, timeMs: number): Promise<number> {
  const batch = batchSize(run);
  const bench = new Bench({ time: timeMs, warmupTime: timeMs / 4, now: cpuMs });
  bench.add('side', () => {
    for (let call = 0; call < batch; call += 1) kept = run();
  });
  await bench.run();
  const result = bench.tasks[0]?.result;
  if (result === undefined || !('latency' in result)) throw new Error('the measurement did not complete');
  return (result.latency.mean * 1e6) / batch;
}

function batchSize(run: () => unknown): number {
  const calls = 200;
  const start = process.hrtime.bigint();
  for (let call = 0; call < calls; call += 1) kept = run();
  const each = Number(process.hrtime.bigint() - start) / calls;
  return Math.max(1, Math.round(1e6 / each));
}

/** Where results go, so that no call is without effect. */
export let kept: unknown;

function outcome(contest: Contest, samples: readonly Sample[]): Outcome {
  const ratios = samples.map(({ oursNs, theirsNs }) => theirsNs / oursNs);
  const ratio = median(ratios);
  return {
    name: contest.name,
    bar: contest.bar,
    oursNs: median(samples.map(({ oursNs }) => oursNs)),
    theirsNs: median(samples.map(({ theirsNs }) => theirsNs)),
    ratio,
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    met: ratio >= contest.bar,
  };
}
