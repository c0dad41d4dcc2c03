import { parseSync } from 'oxc-parser';
import { child, children, type Node, nameOf, walk } from './syntax.js';

/** What a file is for; decides which rules it is under. */
export type Area = 'src' | 'test' | 'example' | 'script' | 'config';

/** One mention of another module. */
export interface Import {
  readonly specifier: string;
  /** Whether it is gone after compiling. */
  readonly typeOnly: boolean;
  /** Whether it passes something on: `export … from`. */
  readonly reExport: boolean;
  readonly line: number;
}

/** One parsed file of the project. */
export interface SourceFile {
  /** From the root of the project, with `/`. */
  readonly path: string;
  readonly area: Area;
  /** The folder of the package it belongs to: `packages/core`; empty for what belongs to the workspace. */
  readonly packageFolder: string;
  readonly text: string;
  readonly program: Node;
  readonly comments: readonly { readonly start: number; readonly end: number }[];
  readonly imports: readonly Import[];
  lineOf(node: { readonly start: number }): number;
}

export function isSource(path: string): boolean {
  return /\.[cm]?[jt]s$/.test(path);
}

/** @throws Error if the file does not parse: every rule would be blind to it. */
export function parseSource(path: string, text: string): SourceFile {
  const { program, comments, errors } = parseSync(path, text);
  const fault = errors[0];
  if (fault !== undefined) throw new Error(`${path} does not parse: ${fault.message}`);
  const root = program as unknown as Node;
  const starts = [...text.matchAll(/\n/g)].map((match) => match.index);
  const lineOf = ({ start }: { readonly start: number }): number => 1 + starts.filter((at) => at < start).length;
  return {
    path,
    area: areaOf(path),
    packageFolder: /^(?:packages|examples)\/[^/]+(?=\/)/.exec(path)?.[0] ?? '',
    text,
    program: root,
    comments,
    imports: importsOf(root, lineOf),
    lineOf,
  };
}

function areaOf(path: string): Area {
  if (/^packages\/[^/]+\/src\//.test(path)) return path.includes('.test.') ? 'test' : 'src';
  if (/^packages\/[^/]+\/test\//.test(path) || path.startsWith('test/')) return 'test';
  if (path.startsWith('examples/')) return 'example';
  return /^(?:scripts|bench)\//.test(path) ? 'script' : 'config';
}

function importsOf(program: Node, lineOf: (node: Node) => number): readonly Import[] {
  const found: Import[] = [];
  walk(program, (node) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) {
      const reExport = node.type.startsWith('Export');
      found.push({ specifier, typeOnly: isTypeOnly(node), reExport, line: lineOf(node) });
    }
  });
  return found;
}

function specifierOf(node: Node): string | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return nameOf(child(node, 'source'));
    case 'TSExternalModuleReference':
      return nameOf(child(node, 'expression'));
    case 'CallExpression':
      return nameOf(child(node, 'callee')) === 'require' ? nameOf(children(node, 'arguments')[0]) : undefined;
    default:
      return undefined;
  }
}

/** `import type`, `import('…').Type`, and imports of which every name is marked `type`: none of them is there at run time. */
function isTypeOnly(node: Node): boolean {
  if (node.type === 'TSImportType' || node['importKind'] === 'type' || node['exportKind'] === 'type') return true;
  const names = children(node, 'specifiers');
  return names.length > 0 && names.every((name) => name['importKind'] === 'type' || name['exportKind'] === 'type');
}
