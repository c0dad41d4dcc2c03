import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HttpAnswer } from '@tenon/contract';

/** The page and its parts: files of this package, read at the first request for each. */
export class PageFiles {
  readonly paths: readonly string[];
  readonly #files: ReadonlyMap<string, PageFile>;
  /** Where the page finds its parts and the document, from where it is itself: a proxy may add a path to all of them. */
  readonly #places: { readonly folder: string; readonly document: string };
  readonly #policy: string;
  readonly #read = new Map<string, Promise<string>>();

  /** @param pagePath - where the page is; its parts lie below it. */
  constructor(
    pagePath: string,
    { documentPath, servers }: { readonly documentPath: string; readonly servers: readonly string[] },
  ) {
    this.#files = new Map([
      [pagePath, page],
      ...parts.map((part): [string, PageFile] => [below(pagePath, part.file), part]),
    ]);
    this.paths = [...this.#files.keys()];
    this.#places = {
      folder: pagePath === '/' ? '' : `${posix.basename(pagePath)}/`,
      document: posix.relative(posix.dirname(pagePath), documentPath),
    };
    this.#policy = policyOf(servers);
  }

  async answer(path: string): Promise<HttpAnswer> {
    const { file, type } = this.#files.get(path) ?? page;
    const text = await this.#textOf(file);
    const { folder, document } = this.#places;
    const body = file === page.file ? text.replaceAll('{folder}', folder).replaceAll('{document}', document) : text;
    return {
      status: 200,
      fields: {
        'content-type': `${type}; charset=utf-8`,
        'content-security-policy': this.#policy,
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cache-control': 'no-cache',
      },
      body,
    };
  }

  #textOf(file: string): Promise<string> {
    let text = this.#read.get(file);
    if (text === undefined) {
      // The same from src and from dist.
      text = readFile(fileURLToPath(new URL(`../page/${file}`, import.meta.url)), 'utf8');
      this.#read.set(file, text);
      text.catch(() => this.#read.delete(file));
    }
    return text;
  }
}

interface PageFile {
  readonly file: string;
  readonly type: string;
}

/**
 * Nothing but the page's own files runs, loads or is framed, and requests go to the servers of the document alone. Trusted types: text
 * never becomes markup, even by mistake.
 */
function policyOf(servers: readonly string[]): string {
  const origins = servers.filter((server) => /^https?:/.test(server)).map((server) => new URL(server).origin);
  const own = "script-src 'self'; style-src 'self'; img-src 'none'";
  const none = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return `${none}; ${own}; connect-src ${["'self'", ...new Set(origins)].join(' ')}; require-trusted-types-for 'script'; trusted-types 'none'`;
}

/** `/docs/page.js`; of the page at `/` itself `/page.js`. */
function below(pagePath: string, file: string): string {
  return `${pagePath === '/' ? '' : pagePath}/${file}`;
}

const page: PageFile = Object.freeze({ file: 'page.html', type: 'text/html' });
const parts: readonly PageFile[] = Object.freeze([
  { file: 'page.css', type: 'text/css' },
  { file: 'page.js', type: 'text/javascript' },
  { file: 'elements.js', type: 'text/javascript' },
  { file: 'schema-text.js', type: 'text/javascript' },
  { file: 'sending.js', type: 'text/javascript' },
]);
