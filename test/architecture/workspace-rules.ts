import { posix } from 'node:path';
import { runtimeDependencies } from './dependency-rules.js';
import type { Package, Project, Rule, Violation } from './project.js';

/** A new package is a new folder, found by glob: no list to edit, but for the references that `tsc -b` needs. */
export const workspaceRules: readonly Rule[] = [
  { name: 'a package that the workspace globs do not find', check: globs },
  { name: 'a list of packages in the test configuration', check: testConfiguration },
  { name: 'a package that `tsc -b` does not build, or builds without what it needs', check: references },
];

function globs(project: Project): readonly Violation[] {
  const patterns = project.root.workspaces ?? [];
  const literal = patterns
    .filter((pattern) => !pattern.endsWith('/*'))
    .map((pattern) => inFile('package.json', `workspaces names ${pattern}`, 'name the folder above, with /*'));
  const lost = project.packages
    .filter(({ folder }) => !patterns.includes(`${posix.dirname(folder)}/*`))
    .map(({ folder }) => inFile(`${folder}/package.json`, 'no workspace glob finds it', 'add its folder as a glob'));
  return [...literal, ...lost];
}

function testConfiguration(project: Project): readonly Violation[] {
  const file = 'vitest.config.ts';
  const text = project.textOf(file) ?? '';
  return project.packages
    .filter(({ folder, manifest }) => text.includes(`${folder}/`) || text.includes(`'${manifest.name}`))
    .map(({ folder }) => inFile(file, `names ${folder}`, 'write it as a glob over packages/*'));
}

function references(project: Project): readonly Violation[] {
  const packages = project.packages.filter(({ folder }) => folder.startsWith('packages/'));
  const built = referencesIn(project, 'tsconfig.json');
  const missing = packages
    .filter(({ folder }) => !built.includes(folder))
    .map(({ folder }) => inFile('tsconfig.json', `does not reference ${folder}`, 'add it to references'));
  const gone = built
    .filter((folder) => project.textOf(`${folder}/tsconfig.json`) === undefined)
    .map((folder) => inFile('tsconfig.json', `references ${folder}, which has no tsconfig.json`, 'remove it'));
  return [...missing, ...gone, ...packages.flatMap((one) => unreferenced(project, one))];
}

function unreferenced(project: Project, one: Package): readonly Violation[] {
  const file = `${one.folder}/tsconfig.json`;
  const referenced = referencesIn(project, file);
  return runtimeDependencies(one)
    .flatMap((name) => project.packageNamed(name) ?? [])
    .filter(({ folder }) => !referenced.includes(folder))
    .map(({ folder }) => inFile(file, `does not reference ${folder}, which it depends on`, 'add it to references'));
}

/** The folders that a tsconfig.json references, from the root. */
function referencesIn(project: Project, path: string): readonly string[] {
  const config = JSON.parse(project.textOf(path) ?? '{}') as { references?: readonly { readonly path: string }[] };
  return (config.references ?? []).map((reference) => posix.join(posix.dirname(path), reference.path));
}

function inFile(file: string, problem: string, mend: string): Violation {
  return { file, line: 1, problem, mend };
}
