import { deedsOf } from './import-time.js';
import { type Project, type Rule, sourcesOf, type Violation } from './project.js';
import type { SourceFile } from './source-file.js';
import { bare, child, children, type Node, nameOf, nodesOf, nodesWithin, propertyName } from './syntax.js';

/** One thing that a module may do at import although it is work or state. Each must still be needed. */
export interface Allowance {
  readonly file: string;
  /** As the violation names it: `a new AsyncLocalStorage`. */
  readonly what: string;
  readonly reason: string;
}

/** Loading a module changes nothing: two apps live in one process, and tests start clean. */
export function importTimeRules(allowances: readonly Allowance[]): readonly Rule[] {
  return [
    { name: 'work, or a default instance, at import', check: (project) => work(project, allowances) },
    { name: 'mutable state at import', check: mutableState },
    { name: 'an allowance that nothing needs any more', check: (project) => staleAllowances(project, allowances) },
  ];
}

function work(project: Project, allowances: readonly Allowance[]): readonly Violation[] {
  return findWork(project).filter(
    ({ file, what }) => !allowances.some((allowance) => allowance.file === file && allowance.what === what),
  );
}

function findWork(project: Project): readonly (Violation & { readonly what: string })[] {
  return sourcesOf(project).flatMap((file) =>
    children(file.program, 'body').flatMap((statement) =>
      deedsOf(statement).map(({ node, what }) => ({
        file: file.path,
        line: file.lineOf(node),
        what,
        problem: `${what}, while the module is loaded`,
        mend: 'do it in the factory or the constructor that needs it',
      })),
    ),
  );
}

function staleAllowances(project: Project, allowances: readonly Allowance[]): readonly Violation[] {
  const found = findWork(project);
  return allowances
    .filter(({ file, what }) => !found.some((one) => one.file === file && one.what === what))
    .map(({ file, what }) => ({
      file,
      line: 1,
      problem: `does not need the allowance for ${what}`,
      mend: 'remove it',
    }));
}

/** Tables at the top level that the module changes later, or lets others change. */
function mutableState(project: Project): readonly Violation[] {
  return sourcesOf(project).flatMap((file) => {
    const names = topLevelDeclarators(file).flatMap(({ declarator }) => nameOf(child(declarator, 'id')) ?? []);
    const changes = changesOf(file.program, new Set(names)).map(({ node, name }) => ({
      file: file.path,
      line: file.lineOf(node),
      problem: `${name}, made when the module is loaded, is changed`,
      mend: 'keep it in an instance',
    }));
    return [...changes, ...exposedTables(file)];
  });
}

function topLevelDeclarators(file: SourceFile): readonly { readonly declarator: Node; readonly exported: boolean }[] {
  return children(file.program, 'body').flatMap((statement) => {
    const declaration = statement.type === 'ExportNamedDeclaration' ? child(statement, 'declaration') : statement;
    if (declaration?.type !== 'VariableDeclaration') return [];
    return children(declaration, 'declarations').map((declarator) => ({
      declarator,
      exported: declaration !== statement,
    }));
  });
}

/** Where something named in `names` is changed, unless the name means something nearer there. */
function changesOf(node: Node, names: ReadonlySet<string>): readonly { readonly node: Node; readonly name: string }[] {
  const nearer = node.type === 'Program' ? [] : namesDeclaredBy(node);
  const visible = nearer.length === 0 ? names : new Set([...names].filter((name) => !nearer.includes(name)));
  const name = changedName(node);
  const own = name !== undefined && visible.has(name) ? [{ node, name }] : [];
  return [...own, ...nodesWithin(node).flatMap((inner) => changesOf(inner, visible))];
}

/** The names that hold inside of a function, a block, a loop or a catch clause, and mean something else outside. */
function namesDeclaredBy(node: Node): readonly string[] {
  const declarations = [...children(node, 'body'), child(node, 'init'), child(node, 'left')];
  const patterns = [
    ...children(node, 'params'),
    child(node, 'param'),
    ...declarations.flatMap((one) => (one === undefined ? [] : [child(one, 'id'), ...declaratorIds(one)])),
  ];
  return patterns.flatMap((one) =>
    one === undefined ? [] : nodesOf(one, 'Identifier').flatMap((name) => nameOf(name) ?? []),
  );
}

function declaratorIds(declaration: Node): readonly (Node | undefined)[] {
  return children(declaration, 'declarations').map((one) => child(one, 'id'));
}

/** `x` of `x.push(…)`, `x.y = …`, `x[y] += …`, `x.y++`, `delete x.y` and `x = …`. */
function changedName(node: Node): string | undefined {
  switch (node.type) {
    case 'AssignmentExpression':
      return rootName(child(node, 'left'));
    case 'UpdateExpression':
      return rootName(child(node, 'argument'));
    case 'UnaryExpression':
      return node['operator'] === 'delete' ? rootName(child(node, 'argument')) : undefined;
    case 'CallExpression': {
      const callee = child(node, 'callee');
      if (callee?.type !== 'MemberExpression' || !changing.has(propertyName(callee) ?? '')) return undefined;
      return rootName(child(callee, 'object'));
    }
    default:
      return undefined;
  }
}

function rootName(node: Node | undefined): string | undefined {
  const inner = node === undefined ? undefined : bare(node);
  return inner?.type === 'MemberExpression' ? rootName(child(inner, 'object')) : nameOf(inner);
}

/** An exported set or map can be changed by anyone, unless its type forbids it. */
function exposedTables(file: SourceFile): readonly Violation[] {
  return topLevelDeclarators(file)
    .filter(({ declarator, exported }) => {
      const initial = child(declarator, 'init');
      const made = initial === undefined ? undefined : bare(initial);
      if (!exported || made?.type !== 'NewExpression') return false;
      if (!['Set', 'Map'].includes(nameOf(child(made, 'callee')) ?? '')) return false;
      const id = child(declarator, 'id') as Node;
      return !/:\s*Readonly(?:Set|Map)\b/.test(file.text.slice(id.start, id.end));
    })
    .map(({ declarator }) => ({
      file: file.path,
      line: file.lineOf(declarator),
      problem: 'exports a table that others can change',
      mend: 'declare it as ReadonlySet or ReadonlyMap',
    }));
}

const changing: ReadonlySet<string> = new Set(
  'push pop shift unshift splice sort reverse fill copyWithin set add delete clear'.split(' '),
);
