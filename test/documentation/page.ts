import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** One fenced block of code, with what the HTML comments right before it say. */
export interface CodeBlock {
  /** `docs/messaging.md:17`, where its first line stands. */
  readonly place: string;
  readonly language: string;
  readonly code: string;
  /** The comments: `file: greeter.ts` is the entry `file` with that value, `run` an entry without one. */
  readonly marks: ReadonlyMap<string, string>;
}

/** One page of the documentation. */
export interface Page {
  /** From the root of the repository: `docs/messaging.md`. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly CodeBlock[];
}

export function readPage(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, blocks: codeBlocks(path, text) };
}

/** The fenced blocks of a page, in order. */
export function codeBlocks(path: string, text: string): readonly CodeBlock[] {
  return [...text.matchAll(/((?:^<!--.*-->\n)*)^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [whole, comments = '', language = '', code = ''] = match;
    const before = text.slice(0, match.index) + whole.slice(0, whole.indexOf('```'));
    const marks = [...comments.matchAll(/<!-- ([\w-]+)(?:: (.*?))? -->/g)];
    return {
      place: `${path}:${before.split('\n').length + 1}`,
      language,
      code,
      marks: new Map(marks.map(([, name = '', value = '']) => [name, value])),
    };
  });
}

/** The rows of the table that stands under a heading, as the texts of their cells, without the table's head. */
export function tableUnder(page: Page, heading: string): readonly (readonly string[])[] {
  const lines = page.text.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start < 0) throw new Error(`${page.path} has no heading "${heading}"`);
  const end = lines.findIndex((line, index) => index > start && /^#+ /.test(line));
  const rows = lines.slice(start, end < 0 ? undefined : end).filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
}
