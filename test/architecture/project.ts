import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { isSource, parseSource, type SourceFile } from './source-file.js';

/** What the rules read of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** One package or example of the workspace. */
export interface Package {
  /** `packages/core` */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly files: readonly SourceFile[];
}

/** Everything the rules look at. Rules read nothing else, so that a project can also be planted in memory. */
export interface Project {
  readonly root: Manifest;
  readonly packages: readonly Package[];
  readonly files: readonly SourceFile[];
  /** The package of that name. */
  packageNamed(name: string): Package | undefined;
  /** The file that a relative import of another file means, if it is there. */
  resolve(from: SourceFile, specifier: string): SourceFile | undefined;
  /** The text of any file, source or not. */
  textOf(path: string): string | undefined;
}

/** What stands in a rule's report. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  /** What is wrong, in one sentence. */
  readonly problem: string;
  /** What to do about it. */
  readonly mend: string;
}

/** A never-rule: finds all its violations. */
export interface Rule {
  /** Completes "never: …". */
  readonly name: string;
  readonly check: (project: Project) => readonly Violation[];
}

/** The texts of a project on disk, by path from its root, without what was installed or built. */
export function readTree(root: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (entry.name.startsWith('.') || ['node_modules', 'dist', 'docs'].includes(entry.name)) continue;
      if (entry.isDirectory()) visit(path);
      else if (isSource(path) || entry.name.endsWith('.json')) texts.set(path, readFileSync(join(root, path), 'utf8'));
    }
  };
  visit('.');
  return texts;
}

/** A project of some texts, by path from its root. */
export function projectOf(texts: ReadonlyMap<string, string>): Project {
  const files = [...texts].filter(([path]) => isSource(path)).map(([path, text]) => parseSource(path, text));
  const byPath = new Map(files.map((file) => [file.path, file]));
  const packages = [...texts]
    .filter(([path]) => /^(?:packages|examples)\/[^/]+\/package\.json$/.test(path))
    .map(([path, text]) => {
      const folder = posix.dirname(path);
      const own = files.filter((file) => file.packageFolder === folder);
      return { folder, manifest: JSON.parse(text) as Manifest, files: own };
    });
  const byName = new Map(packages.map((one) => [one.manifest.name, one]));
  return {
    root: JSON.parse(texts.get('package.json') ?? '{"name":"workspace"}') as Manifest,
    packages,
    files,
    packageNamed: (name) => byName.get(name),
    resolve: (from, specifier) => {
      const path = posix.join(posix.dirname(from.path), specifier);
      const candidates = [path, path.replace(/\.([cm]?)js$/, '.$1ts'), `${path}.ts`, `${path}/index.ts`];
      return candidates.map((candidate) => byPath.get(candidate)).find((file) => file !== undefined);
    },
    textOf: (path) => texts.get(path),
  };
}

/** `@scope/name` of `@scope/name/path`; undefined for relative, absolute, `#internal` and `node:` specifiers. */
export function packageNameOf(specifier: string): string | undefined {
  if (/^(?:[./#]|node:)/.test(specifier)) return undefined;
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
}

/** The files that go into packages: no tests, no configuration. */
export function sourcesOf(project: Project): readonly SourceFile[] {
  return project.files.filter((file) => file.area === 'src');
}
