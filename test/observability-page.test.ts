import { readFileSync } from 'node:fs';
import { type Instrument, instruments } from '@tenon/core';
import { expect, test } from 'vitest';
import { type Page, readPage, tableUnder } from './documentation/page.js';
import { sourcesOfPackages } from './documentation/sources.js';

const page = readPage('docs/observability.md');

test('docs/observability.md has every instrument as the source declares it, and no other', () => {
  const rows = tableUnder(page, 'Instruments');
  expect(rows).toEqual(
    Object.values<Instrument>(instruments).map(({ name, type, unit, labels, description }) => [
      `\`${name}\``,
      type,
      `\`${unit}\``,
      labels.map((label) => `\`${label}\``).join(', '),
      description,
    ]),
  );
});

test('every log line of docs/observability.md is said in the source, at that level and with those fields', () => {
  const sources = sourcesOfPackages().map((file) => readFileSync(file, 'utf8'));
  const lines = logTables(page).flatMap((heading) => tableUnder(page, heading));
  expect(lines.length).toBeGreaterThan(10);
  const unsaid = lines.filter(([level = '', sentence = '', fields = '']) => {
    const saying = `.${bare(level)}('${bare(sentence)}'`;
    const names = fields.split(', ').map(bare);
    return !sources.some((source) => {
      // However the formatter breaks the lines of a call.
      const flat = source.replaceAll(/\(\s+'/g, "('");
      return flat.includes(saying) && names.every((name) => new RegExp(`\\b${name}\\b`).test(flat));
    });
  });
  expect(unsaid).toEqual([]);
});

/** The headings below `Log lines`, each with a table. */
function logTables({ text }: Page): readonly string[] {
  const [, below = ''] = text.split('\n## Log lines\n');
  return [...(below.split('\n## ')[0] ?? '').matchAll(/^### (.*)$/gm)].map(([, heading = '']) => heading);
}

function bare(cell: string): string {
  return cell.replaceAll('`', '');
}
