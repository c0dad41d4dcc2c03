import { writeFileSync } from 'node:fs';
import { cpus, platform, release } from 'node:os';
import { type Report, totalOf } from './report.js';
import { tableOf } from './table.js';

/** What whole runs leave behind: `test/interop/RESULTS.md`. */
export function writeResults(
  reports: readonly Report[],
  kind: string,
  below: readonly string[],
  command: string,
): void {
  const processors = cpus();
  const machine = `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${platform()} ${release()} (${kind})`;
  const page = [
    '# Tenon among strangers',
    '',
    'Who they are, how each is met, and how to add one: [docs/interop.md](../../docs/interop.md).',
    '',
    tableOf(reports),
    '',
    `${totalOf(reports)}.`,
    ...(below.length === 0 ? [] : ['', `Below the bar of this kind of machine: ${below.join(', ')}.`]),
    '',
    `${new Date().toISOString()}. ${machine}, node ${process.versions.node}. \`${command}\``,
    '',
  ];
  writeFileSync(new URL('RESULTS.md', folder), page.join('\n'));
}

/** This file runs from `test/interop/dist/interop/harness`. */
const folder = new URL('../../../', import.meta.url);
