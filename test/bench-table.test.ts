import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type KeptRun, keptRuns, readmeTable, withTable } from '../bench/harness/readme-table.js';
import { root } from './documentation/page.js';

test('README.md shows the results that are kept (mended by: npm run bench -- --table)', () => {
  const page = readFileSync(join(root, 'README.md'), 'utf8');
  expect(page).toBe(withTable(page, readmeTable(keptRuns(root))));
});

describe("the table of the benches' results", () => {
  const figures = (rate: number, cpu: number) => ({
    operations: 1_000,
    seconds: 1,
    clientCpuMicros: cpu / 2,
    serverCpuMicros: cpu / 2,
    clientRssBytes: 0,
    serverRssBytes: 0,
    rates: [rate],
    latencies: [{ p50: 0.25, p99: 1, p999: 2 }],
  });
  const heats = (...rates: readonly number[]) => rates.map((rate) => figures(rate, 1e6 / rate));
  const run = (result: Partial<KeptRun['results'][number]>): KeptRun => ({
    date: '2026-01-02T03:04:05.000Z',
    machine: '2 × Abacus',
    versions: { node: '20.20.2' },
    load: 1,
    command: 'npm run bench -- calls',
    results: [{ cell: 'small@64', about: 'small, 64 in flight', results: [], ...result }],
    verdicts: [
      { bar: 'one', found: '', outcome: 'met' },
      { bar: 'two', found: '', outcome: 'NOT MET' },
      { bar: 'three', found: '', outcome: 'SKIPPED' },
    ],
  });
  const entrants = [
    { entrant: 'tenon-tcp', heats: heats(90_000, 100_000, 110_000) },
    { entrant: 'nest-tcp', heats: heats(30_000, 20_000, 10_000) },
    { entrant: 'nats-raw', heats: [], skipped: 'there is none' },
    { entrant: 'grpc-js', heats: heats(1), failed: 'it broke' },
  ];
  const rows = (runs: readonly KeptRun[]) => readmeTable(runs).split('\n').slice(2);

  test('has medians of our figures, and of the ratios within each repetition', () => {
    expect(rows([run({ results: entrants })])).toEqual([
      '| small, 64 in flight | 100,000/s, p50 250 µs, 10.0 µs of CPU each | nest-tcp 5.0 (5.0), nats-raw skipped, grpc-js failed |',
      '',
      '2026-01-02, 2 × Abacus, Node 20.20.2. 1 of 3 bars met, 1 could not be judged.',
    ]);
  });

  test('compares nobody where the run was void', () => {
    const [row] = rows([run({ results: entrants, void: 'busy' })]);
    expect(row).toContain('| VOID: the machine was too busy to compare |');
  });

  test('says so where we failed ourselves', () => {
    const [row] = rows([run({ results: [{ entrant: 'tenon-tcp', heats: heats(1), failed: 'it broke' }] })]);
    expect(row).toBe('| small, 64 in flight | FAILED |  |');
  });

  test('says so where nothing is kept', () => {
    expect(readmeTable([])).toBe('No results are kept yet.');
  });

  test('replaces what stands between the marks, and nothing else', () => {
    expect(withTable('a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n', 'new')).toBe(
      'a\n<!-- bench -->\nnew\n<!-- /bench -->\nb\n',
    );
    expect(() => withTable('a page without marks', 'new')).toThrow('<!-- bench -->');
  });
});
