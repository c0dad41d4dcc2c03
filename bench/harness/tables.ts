import type { Figures } from '../child/figures.js';
import type { Verdict } from './judge.js';
import { cpuOf, rateOf, ratios } from './ratios.js';
import type { CellResult, Result } from './result.js';
import { type Spread, spread } from './statistics.js';

/** A cell as a table in Markdown: medians, with the extremes of the rate; `×` is the first entrant to each other one. */
export function cellTable({ cell, about, results, void: dead }: CellResult): string {
  const columns = columnsOf(results);
  const head = columns.map(({ title }) => title);
  const rows = results.map((result) =>
    result.heats.length > 0 && result.failed === undefined
      ? columns.map(({ cell: text }) => text(result))
      : [result.entrant, result.skipped === undefined ? 'FAILED' : 'SKIPPED', ...head.slice(2).map(() => '')],
  );
  const notes = results.flatMap(({ entrant, raises, skipped, failed }) => [
    ...(raises === undefined ? [] : [`- ${entrant} raises ${raises}.`]),
    ...(skipped === undefined ? [] : [`- SKIPPED: ${entrant}: ${skipped}`]),
    ...(failed === undefined ? [] : [`- FAILED: ${entrant}: ${failed.split('\n')[0]}`]),
  ]);
  const lines = [
    `## ${cell}`,
    '',
    `${capital(about)}.${dead === undefined ? '' : ` **VOID**: ${dead}.`}`,
    '',
    row(head),
  ];
  lines.push(`|${'---|'.repeat(head.length)}`, ...rows.map(row));
  return [...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

/** The verdicts as a table. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ bar, found, outcome }) => row([bar, found, outcome]));
  return [row(['bar', 'found', '']), '|---|---|---|', ...rows].join('\n');
}

interface Column {
  readonly title: string;
  readonly cell: (result: Result) => string;
}

function columnsOf(results: readonly Result[]): readonly Column[] {
  const base = results.find(({ heats }) => heats.length > 0)?.entrant ?? '';
  const has = (figure: (figures: Figures) => unknown): boolean =>
    results.some(({ heats }) => heats.some((figures) => figure(figures) !== undefined));
  const ratioTo = (figure: (figures: Figures) => number) => (result: Result) =>
    ratio(spread(ratios(results, base, result.entrant, figure)).median);
  const columns: Column[] = [
    { title: 'contestant', cell: ({ entrant }) => entrant },
    { title: 'a second (min–max)', cell: ({ heats }) => rateText(of(heats, rateOf)) },
    { title: '×', cell: ratioTo(rateOf) },
  ];
  if (has(({ latencies }) => latencies[0])) {
    columns.push({ title: 'p50 / p99 / p99.9, µs', cell: ({ heats }) => latencyText(heats) });
  }
  const sides = has(({ brokerCpuMicros }) => brokerCpuMicros) ? 'client / server / broker' : 'client / server';
  columns.push(
    { title: `CPU each, µs: ${sides}`, cell: ({ heats }) => cpuText(heats) },
    { title: '× CPU', cell: ratioTo((figures) => 1 / cpuOf(figures)) },
  );
  if (has(({ clientLiveBytes }) => clientLiveBytes)) {
    columns.push(
      { title: 'held by each, B: client / server', cell: ({ heats }) => liveText(heats) },
      {
        title: 'all open after, ms',
        cell: ({ heats }) => (of(heats, ({ seconds }) => seconds).median * 1e3).toFixed(0),
      },
    );
  }
  columns.push({ title: 'RSS, MiB: client / server', cell: ({ heats }) => rssText(heats) });
  return columns;
}

function of(heats: readonly Figures[], figure: (figures: Figures) => number): Spread {
  return spread(heats.map(figure));
}

function rateText({ median, min, max }: Spread): string {
  return `${whole(median)} (${whole(min)}–${whole(max)})`;
}

function latencyText(heats: readonly Figures[]): string {
  const micros = (which: 'p50' | 'p99' | 'p999') =>
    whole(of(heats, ({ latencies }) => (latencies[0]?.[which] ?? Number.NaN) * 1e3).median);
  return `${micros('p50')} / ${micros('p99')} / ${micros('p999')}`;
}

function cpuText(heats: readonly Figures[]): string {
  const sides = [
    of(heats, ({ clientCpuMicros }) => clientCpuMicros).median,
    of(heats, ({ serverCpuMicros }) => serverCpuMicros).median,
    of(heats, ({ brokerCpuMicros }) => brokerCpuMicros ?? Number.NaN).median,
  ];
  return sides.flatMap((micros) => (Number.isNaN(micros) ? [] : [micros.toFixed(1)])).join(' / ');
}

function liveText(heats: readonly Figures[]): string {
  const bytes = (side: 'clientLiveBytes' | 'serverLiveBytes') =>
    whole(of(heats, (figures) => figures[side] ?? Number.NaN).median);
  return `${bytes('clientLiveBytes')} / ${bytes('serverLiveBytes')}`;
}

function rssText(heats: readonly Figures[]): string {
  const mebibytes = (side: 'clientRssBytes' | 'serverRssBytes') =>
    whole(of(heats, (figures) => figures[side]).median / 2 ** 20);
  return `${mebibytes('clientRssBytes')} / ${mebibytes('serverRssBytes')}`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function ratio(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
