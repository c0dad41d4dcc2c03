/** A node of the syntax tree, as oxc-parser gives it (ESTree with TypeScript), read without its many types. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** A field that holds one node. */
export function child(node: Node, field: string): Node | undefined {
  const value = node[field];
  return isNode(value) ? value : undefined;
}

/** A field that holds a list of nodes; holes are left out. */
export function children(node: Node, field: string): readonly Node[] {
  const value = node[field];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The nodes directly below one. */
export function nodesWithin(node: Node): readonly Node[] {
  return Object.values(node).flatMap((value) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  );
}

/** Calls `visit` with every node below and including one, parents first. */
export function walk(node: Node, visit: (node: Node, parent?: Node) => void, parent?: Node): void {
  visit(node, parent);
  for (const inner of nodesWithin(node)) walk(inner, visit, node);
}

/** Every node of a type, below and including one. */
export function nodesOf(root: Node, ...types: readonly string[]): readonly Node[] {
  const found: Node[] = [];
  walk(root, (node) => {
    if (types.includes(node.type)) found.push(node);
  });
  return found;
}

/** `name` of an identifier, the text of a string literal. */
export function nameOf(node: Node | undefined): string | undefined {
  if (node?.type === 'Identifier') return node['name'] as string;
  return node?.type === 'Literal' && typeof node['value'] === 'string' ? node['value'] : undefined;
}

/** `a`, `a.b`, `a.b.c`; undefined for anything else. */
export function dottedName(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (node.type !== 'MemberExpression') return node.type === 'Identifier' ? nameOf(node) : undefined;
  const object = dottedName(child(node, 'object'));
  const property = propertyName(node);
  return object === undefined || property === undefined ? undefined : `${object}.${property}`;
}

/** `b` of `a.b` and of `a['b']`. */
export function propertyName(member: Node): string | undefined {
  const property = child(member, 'property');
  return member['computed'] === true && property?.type !== 'Literal' ? undefined : nameOf(property);
}

/** What is meant behind `as`, `satisfies`, `!` and brackets. */
export function bare(node: Node): Node {
  const wrappers = ['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression', 'ParenthesizedExpression'];
  const inner = wrappers.includes(node.type) ? child(node, 'expression') : undefined;
  return inner === undefined ? node : bare(inner);
}
