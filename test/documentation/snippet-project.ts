import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { type CodeBlock, type Page, root } from './page.js';

/** A block of code as a file, in a folder for its page. */
export interface Snippet {
  readonly block: CodeBlock;
  readonly file: string;
}

/**
 * A TypeScript project of the snippets of some pages: a folder for each page, in which blocks marked `file: name.ts` go by
 * that name, so that later ones can import them. It lies within the repository, so that packages resolve to their sources.
 */
export class SnippetProject implements Disposable {
  readonly snippets: readonly Snippet[];
  readonly #folder = join(root, '.tmp', `docs-${process.pid}`);

  constructor(pages: readonly Page[]) {
    this.snippets = pages.flatMap((page) =>
      page.blocks.filter(isSnippet).map((block) => ({ block, file: join(this.#folder, fileOf(page, block)) })),
    );
  }

  /** Writes all files. */
  write(): void {
    for (const { block, file } of this.snippets) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, block.code);
    }
    writeFileSync(join(this.#folder, 'package.json'), JSON.stringify({ type: 'module' }));
    writeFileSync(join(this.#folder, 'tsconfig.json'), JSON.stringify(configuration));
  }

  /** Compiles them all at once. Resolves with the compiler's messages, each with the place in the documentation. */
  async compile(): Promise<readonly string[]> {
    const compiler = join(root, 'node_modules', '.bin', 'tsc');
    const { code, text } = await printed(compiler, ['-p', this.#folder, '--pretty', 'false']);
    if (code !== 0 && text === '') throw new Error(`tsc ended with exit code ${code} and said nothing`);
    return text.split('\n').flatMap((line) => {
      const match = /^(.*?)\((\d+),\d+\): (error .*)$/.exec(line);
      if (match === null) return line.trim() === '' ? [] : [line];
      const snippet = this.snippets.find(({ file }) => file === join(root, match[1] ?? ''));
      return [snippet === undefined ? line : `${placeOf(snippet, Number(match[2]))} ${match[3]}`];
    });
  }

  /** Runs one as a program. Resolves with what it printed on its standard output; rejects unless it ends with 0. */
  async run({ file, block }: Snippet): Promise<string> {
    const command = ['--import', '@oxc-node/core/register', '-C', '@tenon/source', file];
    const { code, text } = await printed(process.execPath, command);
    if (code !== 0) throw new Error(`${block.place} ended with exit code ${code}:\n${text}`);
    return text;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** An excerpt is compiled where it comes from, unless it is a whole program that runs. */
function isSnippet({ language, marks }: CodeBlock): boolean {
  return (language === 'ts' || language === 'js') && (!marks.has('from') || marks.has('run'));
}

function fileOf(page: Page, { place, language, marks }: CodeBlock): string {
  const name = marks.get('file') ?? `line-${/\d+$/.exec(place)?.[0]}.${language}`;
  return join(page.path.replace(/\.md$/, ''), name);
}

/** Where a line of a snippet stands in its page. */
function placeOf({ block }: Snippet, line: number): string {
  return block.place.replace(/\d+$/, (first) => String(Number(first) + line - 1));
}

/** What a command printed: both streams where it failed, else its standard output. */
async function printed(
  command: string,
  parameters: readonly string[],
): Promise<{ readonly code: unknown; readonly text: string }> {
  const { FORCE_COLOR: _, ...env } = process.env;
  const options = { cwd: root, env: { ...env, NO_COLOR: '1' }, timeout: 60_000 };
  try {
    return { code: 0, text: (await promisify(execFile)(command, parameters, options)).stdout };
  } catch (thrown) {
    const { code = -1, stdout = '', stderr = '' } = thrown as { code?: unknown; stdout?: string; stderr?: string };
    return { code, text: `${stdout}${stderr}` };
  }
}

const configuration = {
  extends: relativeRoot('tsconfig.base.json'),
  compilerOptions: {
    noEmit: true,
    composite: false,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    allowJs: true,
    // A snippet shows one thing; what uses it stands elsewhere.
    noUnusedLocals: false,
    noUnusedParameters: false,
  },
  include: ['**/*.ts', '**/*.js'],
};

function relativeRoot(file: string): string {
  return relative(join(root, '.tmp', 'docs-'), join(root, file));
}
