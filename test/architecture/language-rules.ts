import { posix } from 'node:path';
import type { Project, Rule, Violation } from './project.js';
import type { SourceFile } from './source-file.js';
import { child, dottedName, type Node, nameOf, nodesOf, walk } from './syntax.js';

/** What no file says, and how no file is named or grows. */
export const languageRules: readonly Rule[] = [
  {
    name: 'process.env or console outside tenon, cli, examples and scripts',
    check: (project) =>
      project.files
        .filter((file) => file.area === 'src' && !['packages/tenon', 'packages/cli'].includes(file.packageFolder))
        .flatMap((file) => surroundings(file)),
  },
  {
    name: 'any',
    check: (project) =>
      everywhere(project, (file) =>
        nodesOf(file.program, 'TSAnyKeyword').map((node) =>
          at(file, node, 'the type any', 'say what it is, or unknown and look before use'),
        ),
      ),
  },
  {
    name: 'a default export',
    check: (project) =>
      everywhere(project, (file) =>
        isConfiguration(file) ? [] : defaultExports(file).map((node) => at(file, node, 'a default export', 'name it')),
      ),
  },
  {
    name: 'extends of anything but Error',
    // Tests also try what users may write: a DTO that extends another.
    check: (project) =>
      everywhere(project, (file) =>
        file.area === 'test'
          ? []
          : nodesOf(file.program, 'ClassDeclaration', 'ClassExpression')
              .flatMap((node) => child(node, 'superClass') ?? [])
              .filter((parent) => nameOf(parent) !== 'Error')
              .map((parent) =>
                at(
                  file,
                  parent,
                  `extends ${dottedName(parent) ?? 'an expression'}`,
                  'implement the seam and hold the other',
                ),
              ),
      ),
  },
  {
    name: 'a file named utils, helpers, common, types or misc',
    check: (project) =>
      everywhere(project, (file) =>
        isDepot(file.path)
          ? [{ file: file.path, line: 1, problem: 'the name says nothing', mend: 'name it after the concept in it' }]
          : [],
      ),
  },
  {
    name: `a file of more than 350 lines of code`,
    check: (project) =>
      everywhere(project, (file) => {
        const lines = codeLines(file);
        if (lines <= maxCodeLines) return [];
        const problem = `${lines} lines of code, without blank lines and comments`;
        return [{ file: file.path, line: 1, problem, mend: 'a file is one concept: find the second one in it' }];
      }),
  },
];

const maxCodeLines = 350;

function everywhere(project: Project, find: (file: SourceFile) => readonly Violation[]): readonly Violation[] {
  return project.files.flatMap(find);
}

function at(file: SourceFile, node: Node, problem: string, mend: string): Violation {
  return { file: file.path, line: file.lineOf(node), problem, mend };
}

function surroundings(file: SourceFile): readonly Violation[] {
  const found: Violation[] = [];
  const mend = 'take an option, or the injected Logger';
  walk(file.program, (node, parent) => {
    if (isEnvironment(node)) found.push(at(file, node, 'reads process.env', mend));
    if (isConsole(node, parent)) found.push(at(file, node, 'writes to the console', mend));
  });
  return found;
}

/** `process.env`, `globalThis.process.env`, `const { env } = process`, `import { env } from 'node:process'`. */
function isEnvironment(node: Node): boolean {
  if (node.type === 'MemberExpression') return /(?:^|\.)process\.env$/.test(dottedName(node) ?? '');
  if (node.type === 'VariableDeclarator') {
    const pattern = child(node, 'id');
    const isProcess = /(?:^|\.)process$/.test(dottedName(child(node, 'init')) ?? '');
    return isProcess && pattern !== undefined && picks(pattern, 'key', 'env');
  }
  if (node.type !== 'ImportDeclaration' || !/^(?:node:)?process$/.test(nameOf(child(node, 'source')) ?? ''))
    return false;
  return picks(node, 'imported', 'env');
}

/** Whether a pattern or an import takes something of that name. */
function picks(node: Node, field: string, name: string): boolean {
  let found = false;
  walk(node, (one) => {
    if (nameOf(child(one, field)) === name) found = true;
  });
  return found;
}

function isConsole(node: Node, parent: Node | undefined): boolean {
  if (node.type === 'ImportDeclaration') return /^(?:node:)?console$/.test(nameOf(child(node, 'source')) ?? '');
  if (nameOf(node) !== 'console' || node.type !== 'Identifier' || parent === undefined) return false;
  if (parent.type === 'MemberExpression' && child(parent, 'property') === node && parent['computed'] !== true) {
    return dottedName(child(parent, 'object')) === 'globalThis';
  }
  // A field, a method or a type's member that happens to have the name.
  return child(parent, 'key') !== node;
}

function defaultExports(file: SourceFile): readonly Node[] {
  const named = nodesOf(file.program, 'ExportSpecifier').filter(
    (node) => nameOf(child(node, 'exported')) === 'default',
  );
  return [...nodesOf(file.program, 'ExportDefaultDeclaration', 'TSExportAssignment'), ...named];
}

/** Files that a tool loads for their default export: its configuration, and test reporters. */
function isConfiguration(file: SourceFile): boolean {
  return /\.config\.[cm]?[jt]s$/.test(file.path) || /^scripts\/.*-reporter\.[cm]?js$/.test(file.path);
}

/** Also as a part of the name: `string-utils.ts`, `order.types.ts`. */
function isDepot(path: string): boolean {
  const [stem = '', ...rest] = posix.basename(path).split('.');
  const depot = /^(?:utils?|helpers?|common|types?|misc)$/;
  return depot.test(stem) || rest.some((part) => depot.test(part)) || /-(?:utils?|helpers?|misc)$/.test(stem);
}

function codeLines(file: SourceFile): number {
  const characters = [...file.text.split('')];
  for (const { start, end } of file.comments) {
    for (let index = start; index < end; index += 1) if (characters[index] !== '\n') characters[index] = ' ';
  }
  return characters
    .join('')
    .split('\n')
    .filter((line) => line.trim() !== '').length;
}
