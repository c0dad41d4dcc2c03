import { readFileSync } from 'node:fs';
import { countOf, type Report } from './report.js';

/** How many cases of each stranger must pass on a kind of machine, by hand in `test/interop/bar.json`. */
export type Bar = Readonly<Record<string, number>>;

/** The bar of a kind of machine; undefined where none was set for it. */
export function barOf(kind: string): Bar | undefined {
  const bars = JSON.parse(readFileSync(new URL('bar.json', folder), 'utf8')) as Readonly<Record<string, Bar>>;
  return Object.hasOwn(bars, kind) ? bars[kind] : undefined;
}

/** What was met and fell short of the bar, or was not met though the bar has it: `curl: 11 of 12`. */
export function belowBar(bar: Bar, reports: readonly Report[], isWhole: boolean): readonly string[] {
  const passed = (name: string): number | undefined => {
    const report = reports.find((one) => one.name === name);
    return report === undefined ? (isWhole ? 0 : undefined) : countOf(report, 'passed');
  };
  return Object.entries(bar).flatMap(([name, least]) => {
    const found = passed(name);
    return found === undefined || found >= least ? [] : [`${name}: ${found} of ${least}`];
  });
}

/** What passes beyond the bar, so that somebody raises it. */
export function aboveBar(bar: Bar, reports: readonly Report[]): readonly string[] {
  return reports.flatMap((report) => {
    const [found, least] = [countOf(report, 'passed'), Object.hasOwn(bar, report.name) ? (bar[report.name] ?? 0) : 0];
    return found > least ? [`${report.name}: ${found}, not ${least}`] : [];
  });
}

/** This file runs from `test/interop/dist/interop/harness`. */
const folder = new URL('../../../', import.meta.url);
