import { type Plant, plant } from './plant.js';

const extra = 'packages/core/src/extra.ts';

/** Statements of which each is a fault of its own, one on each line of a file of core. */
function statements(rule: string, ...lines: readonly (readonly [text: string, problem: string])[]): readonly Plant[] {
  return lines.map(([text, problem]) => plant(rule, extra, `${text}\nexport const one = 1;`, `1 ${problem}`));
}

const manyLines = (count: number): string => 'export const a = { /*\n\n*/ b: 1 };\n// no code\n\n'.repeat(count);

/** Faults in what a file does when it is loaded, says, is named, and grows to. */
export const statementPlants: readonly Plant[] = [
  ...statements(
    'work, or a default instance, at import',
    [`connect();`, 'a statement that runs, while the module is loaded'],
    [`if (Date.now() > 0) throw new Error('late');`, 'a statement that runs, while the module is loaded'],
    [`import './other.js';`, 'an import for its effect, while the module is loaded'],
    [`let count = 0;`, 'a let, while the module is loaded'],
    [`export var count = 0;`, 'a var, while the module is loaded'],
    [`const data = await load();`, 'an await at the top level, while the module is loaded'],
    [`export const registry = new Registry();`, 'a new Registry, while the module is loaded'],
    [`const seen = new WeakMap();`, 'a new WeakMap, while the module is loaded'],
    [`export const id = crypto.randomUUID();`, 'a call of crypto.randomUUID, while the module is loaded'],
    [`const options = Object.freeze({ at: Date.now() });`, 'a call of Date.now, while the module is loaded'],
    [`const all = ['a'].map((name) => open(name));`, 'a call of open, while the module is loaded'],
    [`const names = list().map((name) => name);`, 'a call of list, while the module is loaded'],
    [`const value = (() => 1)();`, 'a call of an expression, while the module is loaded'],
    [`const text = sql\`select 1\`;`, 'a tagged template at the top level, while the module is loaded'],
    [`class Pool { static { start(); } }`, 'a static block, while the module is loaded'],
    [`class Pool { static readonly shared = new Pool(); }`, 'a new Pool, while the module is loaded'],
    [`class Pool { static count = 0; }`, 'a mutable static, while the module is loaded'],
    [`class Pool { [nameOf()]() {} }`, 'a call of nameOf, while the module is loaded'],
  ),

  ...statements(
    'mutable state at import',
    [
      `const seen = new Map(); export function see(a: string) { seen.set(a, 1); }`,
      'seen, made when the module is loaded, is changed',
    ],
    [
      `const list: string[] = []; export const add = (a: string) => list.push(a);`,
      'list, made when the module is loaded, is changed',
    ],
    [
      `const state = { n: 0 }; export const next = () => state.n++;`,
      'state, made when the module is loaded, is changed',
    ],
    [
      `const state = { n: 0 }; export const set = () => { state.n = 1; };`,
      'state, made when the module is loaded, is changed',
    ],
    [
      `const table = { a: 1 }; export const drop = (k: 'a') => delete table[k];`,
      'table, made when the module is loaded, is changed',
    ],
    [`export const shared = new Set<string>();`, 'exports a table that others can change'],
  ),

  ...statements(
    'process.env or console outside tenon, cli, examples and scripts',
    [`export const home = () => process.env.HOME;`, 'reads process.env'],
    [`export const home = () => globalThis.process.env['HOME'];`, 'reads process.env'],
    [`export function home() { const { env } = process; return env; }`, 'reads process.env'],
    [`import { env } from 'node:process'; export const home = () => env;`, 'reads process.env'],
    [`export const say = () => console.log('a');`, 'writes to the console'],
    [`export const say = () => globalThis.console.log('a');`, 'writes to the console'],
    [`export const say = () => { const log = console; return log; };`, 'writes to the console'],
    [`export const say = () => ({ console });`, 'writes to the console'],
    [`import { log } from 'node:console'; export const say = () => log('a');`, 'writes to the console'],
  ),

  ...statements(
    'any',
    [`export function f(a: any) { return a; }`, 'the type any'],
    [`export const f = (a: unknown) => a as any;`, 'the type any'],
    [`export type F = Record<string, any[]>;`, 'the type any'],
  ),
  plant('any', 'test/e2e/hello.test.ts', `export const a = (b: any) => b;`, '1 the type any'),

  ...statements(
    'a default export',
    [`export default 1;`, 'a default export'],
    [`export default class A {}`, 'a default export'],
    [`const a = 1; export { a as default };`, 'a default export'],
  ),
  plant('a default export', 'packages/core/test/a.ts', `export default function a() {}`, '1 a default export'),

  ...statements(
    'extends of anything but Error',
    [`export class A extends Map {}`, 'extends Map'],
    [`import { Codec } from '@tenon/contract'; export class A extends Codec {}`, 'extends Codec'],
    [`export const make = () => class extends Array {};`, 'extends Array'],
    [`export const mix = (Base: never) => class extends wrapped(Base) {};`, 'extends an expression'],
  ),

  ...['utils.ts', 'helpers.ts', 'common.ts', 'types.ts', 'misc.ts', 'string-utils.ts', 'order.types.ts'].map((name) =>
    plant(
      'a file named utils, helpers, common, types or misc',
      `packages/core/src/${name}`,
      `export const a = 1;`,
      '1 the name says nothing',
    ),
  ),
  plant(
    'a file named utils, helpers, common, types or misc',
    'packages/core/test/helpers.ts',
    `export const a = 1;`,
    '1 the name says nothing',
  ),

  plant(
    'a file of more than 350 lines of code',
    extra,
    `${manyLines(175)}export const last = 1;`,
    '1 351 lines of code, without blank lines and comments',
  ),
];
