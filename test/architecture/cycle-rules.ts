import { runtimeDependencies } from './dependency-rules.js';
import { type Project, packageNameOf, type Rule, sourcesOf, type Violation } from './project.js';
import type { SourceFile } from './source-file.js';
import { child, children, nameOf } from './syntax.js';

/** Nothing needs itself: not files, not packages, not by way of an index. */
export const cycleRules: readonly Rule[] = [
  { name: 'an import cycle between files, by value or type', check: fileCycles },
  { name: 'an import cycle between packages, by value or type', check: packageCycles },
  { name: 'a re-export outside an index', check: reExports },
  { name: "a file that imports its own package's index", check: ownIndex },
];

function fileCycles(project: Project): readonly Violation[] {
  const edges = new Map(
    project.files.map((file) => [
      file.path,
      file.imports.flatMap(({ specifier }) => {
        const target = specifier.startsWith('.') ? project.resolve(file, specifier) : undefined;
        return target === undefined ? [] : [target.path];
      }),
    ]),
  );
  return cyclesOf(edges).map((cycle) => ({
    file: cycle[0] as string,
    line: 1,
    problem: `import cycle: ${[...cycle, cycle[0]].join(' → ')}`,
    mend: 'move what both need into a file of its own',
  }));
}

/** By what their files import and by what their manifests say, so that also an unused dependency cannot turn round. */
function packageCycles(project: Project): readonly Violation[] {
  const edges = new Map(
    project.packages.map((one) => {
      const imported = one.files
        .filter((file) => file.area === 'src')
        .flatMap((file) => file.imports.map(({ specifier }) => packageNameOf(specifier)));
      const names = new Set([...imported, ...runtimeDependencies(one)]);
      names.delete(one.manifest.name);
      const targets = [...names].filter((name) => name !== undefined && project.packageNamed(name) !== undefined);
      return [one.manifest.name, targets as string[]];
    }),
  );
  return cyclesOf(edges).map((cycle) => ({
    file: `${project.packageNamed(cycle[0] as string)?.folder}/package.json`,
    line: 1,
    problem: `packages depend on each other: ${[...cycle, cycle[0]].join(' → ')}`,
    mend: 'arrows point inward: turn one of them round by a seam in @tenon/contract',
  }));
}

function reExports(project: Project): readonly Violation[] {
  return sourcesOf(project)
    .filter((file) => !isIndex(file))
    .flatMap((file) => {
      const lines = [
        ...file.imports.filter((one) => one.reExport).map(({ line }) => line),
        ...exportedImportLines(file),
      ];
      return lines
        .sort((a, b) => a - b)
        .map((line) => ({
          file: file.path,
          line,
          problem: 'passes on what another file exports',
          mend: 'let index.ts export it from where it is',
        }));
    });
}

/** `import { a } …; export { a };` */
function exportedImportLines(file: SourceFile): readonly number[] {
  const body = children(file.program, 'body');
  const imported = body
    .filter((node) => node.type === 'ImportDeclaration')
    .flatMap((node) => children(node, 'specifiers').map((name) => nameOf(child(name, 'local'))));
  return body
    .filter((node) => node.type === 'ExportNamedDeclaration' && child(node, 'source') === undefined)
    .flatMap((node) => children(node, 'specifiers'))
    .filter((name) => imported.includes(nameOf(child(name, 'local'))))
    .map((name) => file.lineOf(name));
}

function ownIndex(project: Project): readonly Violation[] {
  return sourcesOf(project).flatMap((file) =>
    file.imports
      .filter(({ specifier }) => {
        const target = specifier.startsWith('.') ? project.resolve(file, specifier) : undefined;
        return target !== undefined && target.path === `${file.packageFolder}/src/index.ts`;
      })
      .map(({ line, specifier }) => ({
        file: file.path,
        line,
        problem: `imports its own package's index by ${specifier}`,
        mend: 'import the file that has what is needed',
      })),
  );
}

function isIndex(file: SourceFile): boolean {
  return file.path.endsWith('/index.ts');
}

/** Strongly connected parts of more than one node, or of one that points at itself (Tarjan, SIAM J. Comput. 1972). */
function cyclesOf(edges: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const visit = (node: string): void => {
    order.set(node, order.size);
    lowest.set(node, order.get(node) as number);
    open.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (open.includes(next)) lowest.set(node, Math.min(lowest.get(node) as number, lowest.get(next) as number));
    }
    if (lowest.get(node) !== order.get(node)) return;
    const part = open.splice(open.indexOf(node));
    if (part.length > 1 || edges.get(node)?.includes(node)) found.push(part);
  };
  for (const node of edges.keys()) if (!order.has(node)) visit(node);
  return found;
}
