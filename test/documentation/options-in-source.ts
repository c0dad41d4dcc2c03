import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultMaxMessageBytes } from '@tenon/contract';
import { root } from './page.js';

/** The names of an interface's fields, in the order of its source. */
export function fieldsOf(file: string, name: string): readonly string[] {
  const body = new RegExp(`export interface ${name} \\{\\n(.*?)\\n\\}`, 's').exec(sourceOf(file))?.[1];
  if (body === undefined) throw new Error(`${file} has no interface ${name}`);
  return [...body.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, field = '']) => field);
}

/** The number that stands in for an option that is not given; undefined for an option that is no number. */
export function defaultOf(file: string, option: string): number | undefined {
  const filled = new RegExp(`\\('(?:\\w+\\.)*${option}', [^;]*?(?:fallback: |${option}, )([\\w. *]+)`);
  const text = filled.exec(sourceOf(file))?.[1]?.trim();
  if (text === undefined) return undefined;
  if (text === 'defaultMaxMessageBytes') return defaultMaxMessageBytes;
  const factors = text.replaceAll('_', '').split(' * ').map(Number);
  return factors.reduce((product, factor) => product * factor, 1);
}

function sourceOf(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
