import { type Bar, bars, type Measure } from '../bars/bars.js';
import type { Figures } from '../child/figures.js';
import { flatness } from './flatness.js';
import { cpuOf, rateOf, ratios } from './ratios.js';
import type { CellResult, Result } from './result.js';
import { median } from './statistics.js';

/** How a bar came out. */
export interface Verdict {
  readonly bar: string;
  readonly outcome: 'met' | 'NOT MET' | 'FAILED' | 'SKIPPED';
  /** What was measured, or why nothing was. */
  readonly found: string;
}

/** The verdicts on all bars of a cell. */
export function judge({ cell, results, void: dead }: CellResult): readonly Verdict[] {
  return bars
    .filter((bar) => bar.cell === cell)
    .map((bar) => {
      const text = textOf(bar);
      if (dead !== undefined) return { bar: text, outcome: 'SKIPPED', found: `VOID: ${dead}` };
      const missing = [bar.ours, ...bar.theirs].map((name) => results.find(({ entrant }) => entrant === name));
      const failed = missing.find((one) => one?.failed !== undefined);
      if (failed !== undefined) return { bar: text, outcome: 'FAILED', found: `${failed.entrant} failed` };
      const skipped = missing.find((one) => one?.skipped !== undefined);
      if (skipped !== undefined) return { bar: text, outcome: 'SKIPPED', found: skipped.skipped ?? '' };
      const { isMet, found } = measured(bar, results);
      return { bar: text, outcome: isMet ? 'met' : 'NOT MET', found };
    });
}

interface Finding {
  readonly isMet: boolean;
  readonly found: string;
}

function measured(bar: Bar, results: readonly Result[]): Finding {
  const { measure, ours } = bar;
  switch (measure.of) {
    case 'throughput':
      return throughput(bar, measure.atLeast, results);
    case 'cpu':
      return atMost(ratios(results, ours, bar.theirs[0] ?? '', cpuOf), measure);
    case 'p50':
    case 'p99': {
      const of = measure.of;
      return atMost(
        ratios(results, ours, bar.theirs[0] ?? '', ({ latencies }) => latencies[0]?.[of] ?? Number.NaN),
        measure,
      );
    }
    case 'set-up':
      return setUp(bar, measure.atMost, results);
    case 'memory':
      return memory(bar, measure.atMostBytes, results);
    case 'flat':
      return flatness(heatsOf(results, ours));
  }
}

function throughput({ ours, theirs }: Bar, atLeast: number, results: readonly Result[]): Finding {
  const best = (figure: (figures: Figures) => number): string => {
    const ranked = theirs.map((name) => ({ name, value: median(heatsOf(results, name).map(figure)) }));
    return ranked.reduce((one, other) => (other.value > one.value ? other : one)).name;
  };
  const cheapness = (figures: Figures): number => 1 / cpuOf(figures);
  const [fastest, cheapest] = [best(rateOf), best(cheapness)];
  const byRate = median(ratios(results, ours, fastest, rateOf));
  const byCpu = median(ratios(results, ours, cheapest, cheapness));
  const against = (name: string): string => (theirs.length > 1 ? ` of ${name}` : '');
  return {
    isMet: byRate >= atLeast || byCpu >= atLeast,
    found: `${times(byRate)}${against(fastest)} by rate, ${times(byCpu)}${against(cheapest)} by CPU`,
  };
}

function atMost(found: readonly number[], { atMost: most }: { readonly atMost: number }): Finding {
  const ratio = median(found);
  return { isMet: ratio <= most, found: times(ratio) };
}

function setUp({ ours, theirs }: Bar, most: number, results: readonly Result[]): Finding {
  const ratioOf = (figure: (figures: Figures) => number) => median(ratios(results, ours, theirs[0] ?? '', figure));
  const [byTime, byCpu] = [ratioOf(({ seconds }) => seconds), ratioOf(cpuOf)];
  return { isMet: byTime <= most || byCpu <= most, found: `${times(byTime)} by time, ${times(byCpu)} by CPU` };
}

function memory({ ours, theirs }: Bar, mostBytes: number, results: readonly Result[]): Finding {
  const bytes = (side: 'clientLiveBytes' | 'serverLiveBytes', name: string | undefined): number =>
    name === undefined ? 0 : median(heatsOf(results, name).map((figures) => figures[side] ?? Number.NaN));
  const [client, server] = (['clientLiveBytes', 'serverLiveBytes'] as const).map(
    (side) => bytes(side, ours) - bytes(side, theirs[0]),
  ) as [number, number];
  const isMet = client <= mostBytes && server <= mostBytes;
  return { isMet, found: `client ${Math.round(client)} B, server ${Math.round(server)} B` };
}

function heatsOf(results: readonly Result[], name: string): readonly Figures[] {
  return results.find(({ entrant }) => entrant === name)?.heats ?? [];
}

function textOf({ cell, ours, theirs, measure }: Bar): string {
  const others = theirs.length > 1 ? `the best of ${theirs.join(', ')}` : (theirs[0] ?? '');
  return `${cell}: ${ours} ${wanted(measure, others)}`;
}

function wanted(measure: Measure, others: string): string {
  switch (measure.of) {
    case 'throughput':
      return `≥ ${measure.atLeast} × ${others}`;
    case 'cpu':
      return `CPU ≤ ${measure.atMost} × ${others}`;
    case 'p50':
    case 'p99':
      return `${measure.of} ≤ ${measure.atMost} × ${others}`;
    case 'set-up':
      return `all open within ${measure.atMost} × ${others}`;
    case 'memory':
      return `≤ ${measure.atMostBytes / 1_024} KiB each, each side${others === '' ? '' : ` beyond ${others}`}`;
    case 'flat':
      return 'memory flat, no handle left';
  }
}

function times(ratio: number): string {
  return `${ratio.toFixed(ratio < 10 ? 2 : 1)} ×`;
}
