import { readFileSync } from 'node:fs';

/** A default as the documentation states it. */
export interface Documented {
  /** `server.ttlMs` */
  readonly option: string;
  /** A number, text, true or false, or an object of numbers. */
  readonly value: unknown;
}

/** The options of one table of the documentation that have a default which can be compared. */
export function defaultsInTable(page: string, heading: string): readonly Documented[] {
  const lines = readRepository(page).split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start < 0) throw new Error(`${page} has no heading "${heading}"`);
  const end = lines.findIndex((line, index) => index > start && /^#+ /.test(line));
  const rows = lines.slice(start, end < 0 ? undefined : end).filter((line) => line.startsWith('|'));
  return rows.slice(2).flatMap((row) => {
    const [names = '', stated = ''] = row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    const options = [...names.matchAll(/`(\w+)`/g)].map(([, option = '']) => option);
    const values = options.length === 1 ? [stated] : stated.split(', ');
    return options.flatMap((option, index) => {
      const value = statedValue(values[index] ?? '');
      return value === undefined ? [] : [{ option, value }];
    });
  });
}

/** The headings of a page under which there is a table of options. */
export function optionTablesOf(page: string): readonly string[] {
  let heading = '';
  return readRepository(page)
    .split('\n')
    .flatMap((line) => {
      if (/^#+ /.test(line)) heading = line.replace(/^#+ /, '');
      return line.startsWith('| Option |') ? [heading] : [];
    });
}

/** The fields of an interface whose docstring ends in a number: `default 10,000`, `Default 65,000`, `default 16 KiB`. */
export function defaultsInDocstrings(file: string, declared: string): readonly Documented[] {
  const body = new RegExp(`export interface ${declared} \\{\\n(.*?)\\n\\}`, 's').exec(readRepository(file))?.[1];
  if (body === undefined) throw new Error(`${file} has no interface ${declared}`);
  return [...body.matchAll(/\/\*\*(.*?)\*\/\s*readonly (\w+)\?:/gs)].flatMap(([, comment = '', option = '']) => {
    const text = comment.replaceAll(/\s*\n\s*\*\s*/g, ' ');
    const stated = /\b[Dd]efault:? ([\d,]+(?: [KMG]iB)?)/.exec(text)?.[1];
    return stated === undefined ? [] : [{ option, value: statedValue(stated) }];
  });
}

/** What a cell says, where that is a value and not a sentence. */
function statedValue(stated: string): unknown {
  const cell = stated.replace(/ ± .*$/, '');
  const number = /^([\d,]+(?:\.\d+)?)(?: ([KMG])iB)?$/.exec(cell);
  if (number !== null) return Number(number[1]?.replaceAll(',', '')) * 1_024 ** ' KMG'.indexOf(number[2] ?? ' ');
  const code = /^`([^`]*)`(?:, in .*)?$/.exec(cell)?.[1] ?? cell;
  if (code === 'true' || code === 'false') return code === 'true';
  if (/^\{ .* \}$/.test(code)) return fieldsOf(code);
  if (/^\[.*\]$/.test(code)) return JSON.parse(code.replaceAll("'", '"'));
  return code === cell ? undefined : code.replace(/^'(.*)'$/, '$1');
}

/** `{ baseMs: 1_200, jitter: 1 / 3 }` */
function fieldsOf(code: string): Readonly<Record<string, number>> {
  const fields = [...code.matchAll(/(\w+): ([\d_.]+)(?: \/ (\d+))?/g)];
  return Object.fromEntries(
    fields.map(([, name = '', number = '', divisor = '1']) => [
      name,
      Number(number.replaceAll('_', '')) / Number(divisor),
    ]),
  );
}

function readRepository(path: string): string {
  return readFileSync(new URL(path, repository), 'utf8');
}

/** This file runs from `test/chaos/dist/chaos/lab/defaults`. */
const repository = new URL('../../../../../../', import.meta.url);
