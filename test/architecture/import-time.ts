import { bare, child, children, dottedName, type Node, nameOf, nodesOf, nodesWithin, propertyName } from './syntax.js';

/**
 * Calls that a module may make while it is loaded, each with the reason why that is neither work nor state. Everything
 * else waits until someone asks for it.
 */
const allowedCalls: ReadonlyMap<string, string> = new Map([
  ['Object.freeze', 'makes a constant constant'],
  ['frozen', 'the same, all the way down'],
  ['Object.create', 'an empty table without prototype, if it is only read'],
  ['Object.fromEntries', 'a constant in another form'],
  ['Object.keys', 'a constant in another form'],
  ['Object.values', 'a constant in another form'],
  ['Object.entries', 'a constant in another form'],
  ['Object.getPrototypeOf', 'a look at something built in'],
  ['Array.from', 'a constant in another form'],
  ['Uint8Array.from', 'constant bytes, if they are only read'],
  ['Buffer.from', 'constant bytes, if they are only read'],
  ['Buffer.alloc', 'constant bytes, if they are only read'],
  ['Symbol', 'a name'],
  ['Symbol.for', 'a name that two installed copies share'],
  ['BigInt', 'a number'],
  ['Math.max', 'arithmetic'],
  ['Math.min', 'arithmetic'],
]);

/** Methods that look at a constant or make another of it. What they call back is looked at too. */
const allowedMethods: ReadonlySet<string> = new Set([
  ...['has', 'get', 'keys', 'values', 'entries', 'includes', 'startsWith', 'some', 'every', 'find'],
  ...['repeat', 'split', 'join', 'concat', 'slice', 'subarray', 'trim', 'padStart', 'toLowerCase', 'toUpperCase'],
  ...['map', 'flatMap', 'filter', 'flat', 'fill'],
]);

/** The same for `new`. Tables must only be read afterwards, which the rule on mutable state looks after. */
const allowedConstructions: ReadonlyMap<string, string> = new Map([
  ['Set', 'a constant table, if it is only read'],
  ['Map', 'a constant table, if it is only read'],
  ['Array', 'a constant table, if it is only read'],
  ['Uint8Array', 'constant bytes, if they are only read'],
  ['RegExp', 'a constant pattern'],
  ['TextEncoder', 'keeps nothing between calls'],
]);

/** A part of a statement that does something while the module is loaded, and what to call it. */
export interface Deed {
  readonly node: Node;
  readonly what: string;
}

/** What a statement of a module's top level does when the module is loaded, beyond declaring. */
export function deedsOf(statement: Node): readonly Deed[] {
  switch (statement.type) {
    case 'ImportDeclaration':
      return children(statement, 'specifiers').length > 0 || nameOf(child(statement, 'source')) === undefined
        ? []
        : importsForEffect(statement);
    case 'ExportNamedDeclaration':
    case 'ExportDefaultDeclaration': {
      const declaration = child(statement, 'declaration');
      if (declaration === undefined) return [];
      return declaration.type.endsWith('Declaration') ? deedsOf(declaration) : expressionDeeds(declaration);
    }
    case 'VariableDeclaration':
      return variableDeeds(statement);
    case 'ClassDeclaration':
      return classDeeds(statement);
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
    case 'TSEnumDeclaration':
    case 'TSModuleDeclaration':
    case 'TSImportEqualsDeclaration':
    case 'ExportAllDeclaration':
    case 'EmptyStatement':
      return [];
    default:
      return [{ node: statement, what: 'a statement that runs' }];
  }
}

/** `import './x.js'` is there for what it does; `import {} from …` and `import type {} from …` are not. */
function importsForEffect(statement: Node): readonly Deed[] {
  return statement['importKind'] === 'type' ? [] : [{ node: statement, what: 'an import for its effect' }];
}

function variableDeeds(statement: Node): readonly Deed[] {
  if (statement['declare'] === true) return [];
  const initial = children(statement, 'declarations').flatMap((one) => child(one, 'init') ?? []);
  const deeds = initial.flatMap(expressionDeeds);
  return statement['kind'] === 'const' ? deeds : [{ node: statement, what: `a ${statement['kind']}` }, ...deeds];
}

/** A class runs its static fields and blocks, its computed names and its parent; what is in methods waits. */
function classDeeds(node: Node): readonly Deed[] {
  const parent = child(node, 'superClass');
  const members = children(child(node, 'body') ?? node, 'body').flatMap((member) => {
    if (member.type === 'StaticBlock') return [{ node: member, what: 'a static block' }];
    const key = member['computed'] === true ? child(member, 'key') : undefined;
    const value =
      member['static'] === true && member.type === 'PropertyDefinition' ? child(member, 'value') : undefined;
    const mutable =
      value !== undefined && member['readonly'] !== true ? [{ node: member, what: 'a mutable static' }] : [];
    return [
      ...(key === undefined ? [] : expressionDeeds(key)),
      ...(value === undefined ? [] : expressionDeeds(value)),
      ...mutable,
    ];
  });
  return [...(parent === undefined ? [] : expressionDeeds(parent)), ...members];
}

function expressionDeeds(wrapped: Node): readonly Deed[] {
  const node = bare(wrapped);
  switch (node.type) {
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return [];
    case 'ClassExpression':
      return classDeeds(node);
    case 'CallExpression':
    case 'NewExpression':
      return [
        ...ownDeed(node),
        ...partsOf(node).flatMap((part) => (isFunction(part) ? calledBack(part) : expressionDeeds(part))),
      ];
    case 'TaggedTemplateExpression':
    case 'AwaitExpression':
    case 'AssignmentExpression':
    case 'UpdateExpression':
    case 'ImportExpression':
    case 'YieldExpression':
      return [{ node, what: `${article(node.type)} at the top level` }];
    default:
      return partsOf(node).flatMap(expressionDeeds);
  }
}

/** What a call or a `new` does by itself, whatever its arguments do. */
function ownDeed(node: Node): readonly Deed[] {
  const callee = child(node, 'callee');
  const method = callee?.type === 'MemberExpression' ? propertyName(callee) : undefined;
  const name = dottedName(callee) ?? (method === undefined ? 'an expression' : `….${method}`);
  if (node.type === 'NewExpression') return allowedConstructions.has(name) ? [] : [{ node, what: `a new ${name}` }];
  const allowed = allowedCalls.has(name) || (method !== undefined && allowedMethods.has(method));
  return allowed ? [] : [{ node, what: `a call of ${name}` }];
}

/** A function that is handed to a call runs while the module is loaded, too. */
function calledBack(callback: Node): readonly Deed[] {
  return nodesOf(callback, 'CallExpression', 'NewExpression').flatMap(ownDeed);
}

function isFunction(node: Node): boolean {
  return node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression';
}

/** The expressions inside a literal, an operation or a member access. Types are not among them. */
function partsOf(node: Node): readonly Node[] {
  if (node.type === 'Identifier' || node.type.startsWith('TS')) return [];
  return nodesWithin(node);
}

function article(type: string): string {
  const words = type
    .replace(/Expression$/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase();
  return `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;
}
