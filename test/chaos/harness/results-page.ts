import { writeFileSync } from 'node:fs';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import type { Cell } from './cell.js';
import { tableOf, totalOf } from './table.js';

/** What whole runs leave behind: `test/chaos/RESULTS.md`. */
export function writeResults(cells: readonly Cell[], missing: readonly string[], command: string): void {
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const machine = `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${memory}, ${platform()} ${release()}`;
  const page = [
    '# What faults do to Tenon',
    '',
    'How to read it, and how a row is made: [docs/chaos.md](../../docs/chaos.md).',
    '',
    tableOf(cells),
    '',
    `${totalOf(cells)}.`,
    ...(missing.length === 0 ? [] : ['', `Missing of what must pass: ${missing.join(', ')}.`]),
    '',
    `${new Date().toISOString()}. ${machine}, load ${(loadavg()[2] ?? 0).toFixed(1)}, node ${process.versions.node}. \`${command}\``,
    '',
  ];
  writeFileSync(new URL('RESULTS.md', folder), page.join('\n'));
}

/** This file runs from `test/chaos/dist/chaos/harness`. */
const folder = new URL('../../../', import.meta.url);
