import { type Project, projectOf } from './project.js';

/** Files of a project by path; `undefined` removes one. */
export type Texts = Readonly<Record<string, string | undefined>>;

/** The sound house in memory, with some files added, replaced or removed. */
export function planted(changes: Texts = {}): Project {
  const texts = Object.entries({ ...house, ...changes }).flatMap(([path, text]) =>
    text === undefined ? [] : [[path, text] as const],
  );
  return projectOf(new Map(texts));
}

/** A package.json of the house. */
export function manifest(name: string, dependencies: readonly string[] = [], more: object = {}): string {
  const versions = Object.fromEntries(dependencies.map((dependency) => [dependency, '0.1.0']));
  return JSON.stringify({ name, exports: { '.': './src/index.ts' }, dependencies: versions, ...more });
}

/** A tsconfig.json that references some folders, relative to its own. */
export function tsconfig(...folders: readonly string[]): string {
  return JSON.stringify({ references: folders.map((path) => ({ path })) });
}

/** A house that keeps all rules. Much of it stands close to a violation, and must not be mistaken for one. */
const house: Texts = {
  'package.json': JSON.stringify({
    name: 'house',
    workspaces: ['packages/*', 'examples/*'],
    devDependencies: { vitest: '1' },
  }),
  'tsconfig.json': tsconfig(
    'packages/contract',
    'packages/core',
    'packages/codec-json',
    'packages/conformance',
    'packages/tenon',
  ),
  'vitest.config.ts': `
    import { defineConfig } from 'vitest/config';
    export default defineConfig({ test: { include: ['packages/*/src/**/*.test.ts'] } });`,

  'packages/contract/package.json': manifest('@tenon/contract', [], {
    exports: { '.': './src/index.ts', './authoring': './src/authoring/index.ts' },
  }),
  'packages/contract/tsconfig.json': tsconfig(),
  'packages/contract/src/index.ts': `export * from './codec.js';\nexport type { Port } from './port.js';`,
  'packages/contract/src/codec.ts': `
    import { type Port, portOf } from './port.js';
    export abstract class Codec {
      static readonly keyedBy = 'contentType';
      static readonly names: ReadonlySet<string> = new Set(['a']);
      abstract port(): Port;
    }
    export class CodecError extends Error {}
    export interface Better extends Codec { readonly better: true }
    export const brand: unique symbol = Symbol.for('tenon.Codec') as never;
    export const usual = () => portOf(new Map<string, number>());`,
  'packages/contract/src/port.ts': `
    import type { Socket } from 'node:net';
    import { type Server } from 'node:http';
    export type Port = Socket | Server | import('node:tls').TLSSocket;
    const table = new Map([['a', 1]]);
    const names: readonly string[] = Object.freeze([...table.keys()].map((name) => name.toUpperCase()));
    /** Here \`any\` and process.env and console.log() stand in a comment, and in 'console.log' below in a string. */
    export function portOf(table: Map<string, number>): Port {
      const list: string[] = [];
      for (const names of [list]) names.push('console.log', 'process.env', 'any');
      table.set('b', 2);
      return { names } as never;
    }`,
  'packages/contract/src/authoring/index.ts': `export * from './sink.js';`,
  'packages/contract/src/authoring/sink.ts': `
    export interface Sink { console: string; env: string }
    export const write = (sink: Sink, process: Sink): string => sink.console + process['console'];`,

  'packages/core/package.json': manifest('@tenon/core', ['@tenon/contract']),
  'packages/core/tsconfig.json': tsconfig('../contract'),
  'packages/core/src/index.ts': `export { Client } from './client/client.js';`,
  'packages/core/src/client/client.ts': `
    import { Codec } from '@tenon/contract';
    export class Client { constructor(readonly codec: Codec, readonly calls = new Map<string, number>()) {} }`,

  'packages/codec-json/package.json': manifest('@tenon/codec-json', ['@tenon/contract'], {
    devDependencies: { '@tenon/conformance': '0.1.0', inversify: '8', 'reflect-metadata': '0' },
  }),
  'packages/codec-json/tsconfig.json': tsconfig('../contract'),
  'packages/codec-json/src/index.ts': `export { jsonCodec } from './json-codec.js';`,
  'packages/codec-json/src/json-codec.ts': `
    import { Codec } from '@tenon/contract';
    import { write } from '@tenon/contract/authoring';
    export const jsonCodec = (): Codec => new JsonCodec();
    class JsonCodec implements Codec { port() { return write({ console: '', env: '' }, { console: '', env: '' }) as never; } }`,
  'packages/codec-json/src/json-codec.test.ts': `
    import 'reflect-metadata';
    import { Container } from 'inversify';
    import { test } from 'vitest';
    let made = 0;
    test('it is made', () => { made += 1; console.log(process.env.HOME, new Container()); });`,
  'packages/codec-json/test/conformance.test.ts': `
    import { jsonCodec } from '@tenon/codec-json';
    import { codecCases } from '@tenon/conformance';
    export const both = [jsonCodec, codecCases];`,

  'packages/conformance/package.json': manifest('@tenon/conformance', ['@tenon/contract']),
  'packages/conformance/tsconfig.json': tsconfig('../contract'),
  'packages/conformance/src/index.ts': `export const codecCases = () => [];`,

  'packages/tenon/package.json': manifest('tenon', [
    '@tenon/contract',
    '@tenon/core',
    '@tenon/codec-json',
    'inversify',
    'reflect-metadata',
  ]),
  'packages/tenon/tsconfig.json': tsconfig('../contract', '../core', '../codec-json'),
  'packages/tenon/src/index.ts': `export { createApp } from './app.js';`,
  'packages/tenon/src/app.ts': `
    import { jsonCodec } from '@tenon/codec-json';
    import { Client } from '@tenon/core';
    import { Container } from 'inversify';
    export function createApp() { console.info(process.env['TENON_PROFILE']); return [new Client(jsonCodec()), new Container()]; }`,

  'examples/hello/package.json': manifest('hello', ['tenon']),
  'examples/hello/src/main.ts': `import { createApp } from 'tenon';\nconsole.log(process.env.PORT, await createApp());`,
  'scripts/build.mjs': `import { execFileSync } from 'node:child_process';\nconsole.log(process.env.HOME, execFileSync('ls'));`,
  'test/e2e/hello.test.ts': `import { createApp } from 'tenon';\nimport { test } from 'vitest';\ntest('x', () => { createApp(); });`,
};
