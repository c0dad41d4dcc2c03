import { type Plant, plant } from './plant.js';
import { manifest, type Texts, tsconfig } from './planted.js';

const codec = 'packages/contract/src/codec.ts';
const client = 'packages/core/src/client/client.ts';
const json = 'packages/codec-json/src/json-codec.ts';

/** Faults in what depends on what, and in how the workspace is put together. */
export const dependencyPlants: readonly Plant[] = [
  plant(
    'contract imports anything at run time',
    codec,
    `import { Socket } from 'node:net';\nexport class Codec { socket = new Socket(); }`,
    '1 contract imports node:net',
  ),
  plant(
    'contract imports anything at run time',
    'packages/contract/src/index.ts',
    `export * from './codec.js';\nexport { connect } from 'node:net';`,
    '2 contract imports node:net',
  ),
  plant(
    'contract imports anything at run time',
    codec,
    `export class Codec { load() { return import('node:net'); } }`,
    '1 contract imports node:net',
  ),

  ...['@tenon/core', 'tenon', '@tenon/codec-xml', '@tenon/conformance'].flatMap((name) => {
    const known: Texts = {
      'packages/codec-json/package.json': manifest('@tenon/codec-json', ['@tenon/contract', name]),
      'packages/codec-json/tsconfig.json': tsconfig(
        '../contract',
        '../core',
        '../tenon',
        '../codec-xml',
        '../conformance',
      ),
      'packages/codec-json/src/json-codec.test.ts': undefined,
      'packages/codec-json/test/conformance.test.ts': undefined,
      // Otherwise the plant would also be a cycle.
      'packages/tenon/package.json': manifest('tenon', ['@tenon/contract', 'inversify']),
      'packages/tenon/src/app.ts': `export const createApp = () => 1;`,
      'packages/codec-xml/package.json': manifest('@tenon/codec-xml', ['@tenon/contract']),
      'packages/codec-xml/tsconfig.json': tsconfig('../contract'),
      'packages/codec-xml/src/index.ts': `export const xml = 1;`,
      'tsconfig.json': tsconfig(
        ...['contract', 'core', 'codec-json', 'codec-xml', 'conformance', 'tenon'].map((one) => `packages/${one}`),
      ),
    };
    return [`import { x } from '${name}';`, `import type { X } from '${name}';`].map((text) => ({
      rule: 'a provider imports another provider, core or tenon',
      change: { ...known, [json]: `${text}\nexport const jsonCodec = 1;` },
      reports: [`${json}:1 the provider packages/codec-json imports ${name}`],
    }));
  }),

  ...[
    ['schema', 'contract'],
    ['protobuf', 'contract and schema'],
    ['nats', 'contract'],
    ['http', 'contract'],
  ].flatMap(([one, others]) =>
    ['@tenon/core', '@tenon/codec-json'].map((name) => ({
      rule: `${one} imports anything of the workspace but ${others}`,
      change: {
        [`packages/${one}/package.json`]: manifest(`@tenon/${one}`, ['@tenon/contract', name]),
        [`packages/${one}/tsconfig.json`]: tsconfig('../contract', '../core', '../codec-json'),
        [`packages/${one}/src/index.ts`]: `import { x } from '${name}';\nexport const taken = () => x;`,
        'tsconfig.json': tsconfig(
          ...['contract', 'core', 'codec-json', 'conformance', one, 'tenon'].map((folder) => `packages/${folder}`),
        ),
      },
      reports: [`packages/${one}/src/index.ts:1 ${one} imports ${name}`],
    })),
  ),

  ...['@tenon/codec-json', '@tenon/conformance'].map((name) => ({
    rule: 'core imports anything of the workspace but contract',
    change: {
      'packages/core/package.json': manifest('@tenon/core', ['@tenon/contract', name]),
      'packages/core/tsconfig.json': tsconfig('../contract', `../${name.slice('@tenon/'.length)}`),
      [client]: `import type { X } from '${name}';\nexport class Client { x?: X }`,
    },
    reports: [`${client}:1 core imports ${name}`],
  })),

  ...['inversify', 'reflect-metadata', '@inversifyjs/core'].map((name) => ({
    rule: 'anything but tenon imports inversify or reflect-metadata',
    change: {
      'packages/core/package.json': manifest('@tenon/core', ['@tenon/contract', name]),
      [client]: `import { x } from '${name}';\nexport class Client { x = x; }`,
    },
    reports: [`${client}:1 packages/core imports ${name}`],
  })),

  {
    rule: 'conformance depends on anything but contract',
    change: { 'packages/conformance/package.json': manifest('@tenon/conformance', ['@tenon/contract', 'vitest']) },
    reports: ['packages/conformance/package.json:1 conformance depends on vitest'],
  },
  {
    rule: 'conformance depends on anything but contract',
    change: {
      'packages/conformance/package.json': manifest('@tenon/conformance', ['@tenon/contract'], {
        peerDependencies: { vitest: '4' },
      }),
      'packages/conformance/src/index.ts': `import type { Test } from 'vitest';\nexport const codecCases = (): Test[] => [];`,
    },
    reports: [
      'packages/conformance/src/index.ts:1 conformance imports vitest',
      'packages/conformance/package.json:1 conformance depends on vitest',
    ],
  },

  plant(
    "a path below another package's exports",
    client,
    `import { write } from '@tenon/contract/authoring/sink';
import type { Port } from '@tenon/contract/src/port.js';
export class Client { write = write; port?: Port }`,
    '1 @tenon/contract does not export ./authoring/sink',
    '2 @tenon/contract does not export ./src/port.js',
  ),
  plant(
    "a path below another package's exports",
    'test/e2e/hello.test.ts',
    `import { createApp } from '../../packages/tenon/src/app.js';\ncreateApp();`,
    '1 ../../packages/tenon/src/app.js reaches into packages/tenon',
  ),
  plant(
    "a path below another package's exports",
    'packages/codec-json/test/conformance.test.ts',
    `import type { Client } from '../../core/src/client/client.js';\nexport type Mine = Client;`,
    '1 ../../core/src/client/client.js reaches into packages/core',
  ),

  plant(
    'an undeclared dependency',
    client,
    `import type { Logger } from 'pino';\nimport fs from 'fs';\nexport class Client { log?: Logger; fs = fs; }`,
    '1 pino is not declared',
    '2 fs is a module of Node',
  ),
  plant(
    'an undeclared dependency',
    client,
    `export class Client { pino = () => import('pino/file'); }`,
    '1 pino is not declared',
  ),
  plant(
    'an undeclared dependency',
    client,
    `import { test } from 'vitest';\nexport class Client { t = test; }`,
    '1 vitest is not declared',
  ),
  plant(
    'an undeclared dependency',
    client,
    `import { Client as Same } from '@tenon/core';\nexport class Client { same = Same; }`,
    '1 packages/core imports itself by name',
  ),
  {
    rule: 'an undeclared dependency',
    change: {
      'packages/core/package.json': manifest('@tenon/core', ['@tenon/contract'], { devDependencies: { pino: '10' } }),
      [client]: `import type { Logger } from 'pino';\nexport class Client { log?: Logger }`,
      'packages/core/src/client/client.test.ts': `import { pino } from 'pino';\npino();`,
    },
    reports: [`${client}:1 pino is not declared`],
  },
  plant(
    'an undeclared dependency',
    'packages/core/test/a.test.ts',
    `import { x } from 'nats';\nx();`,
    '1 nats is not declared',
  ),
  plant(
    'an undeclared dependency',
    'examples/hello/src/main.ts',
    `import { x } from 'nats';\nx();`,
    '1 nats is not declared',
  ),
  {
    rule: 'an undeclared dependency',
    change: {
      'bench/peers/package.json': manifest('peers', ['fastify']),
      'bench/peers/http/fastify.mjs': `import fastify from 'fastify';\nimport { x } from 'nats';\nx(fastify);`,
    },
    reports: ['bench/peers/http/fastify.mjs:2 nats is not declared'],
  },
  plant('an undeclared dependency', 'scripts/build.mjs', `import { x } from 'nats';\nx();`, '1 nats is not declared'),
  plant(
    'an undeclared dependency',
    'test/e2e/hello.test.ts',
    `const x = require('nats');\nx();`,
    '1 nats is not declared',
  ),

  {
    rule: 'an import cycle between files, by value or type',
    change: {
      'packages/contract/src/port.ts': `import type { Codec } from './codec.js';\nexport type Port = Codec;\nexport const portOf = (): void => {};`,
    },
    reports: [
      'packages/contract/src/codec.ts:1 import cycle: packages/contract/src/codec.ts → packages/contract/src/port.ts → packages/contract/src/codec.ts',
    ],
  },
  {
    rule: 'an import cycle between files, by value or type',
    change: {
      'packages/core/test/a.ts': `export const a = () => import('./b.js');`,
      'packages/core/test/b.ts': `import { c } from './c.js';\nexport const b = c;`,
      'packages/core/test/c.ts': `export const c = 1;\nexport type A = import('./a.js').A;`,
    },
    reports: [
      'packages/core/test/a.ts:1 import cycle: packages/core/test/a.ts → packages/core/test/b.ts → packages/core/test/c.ts → packages/core/test/a.ts',
    ],
  },

  {
    rule: 'an import cycle between packages, by value or type',
    change: {
      'packages/one/package.json': manifest('@tenon/one', ['@tenon/two']),
      'packages/one/tsconfig.json': tsconfig('../two'),
      'packages/one/src/index.ts': `export const one = 1;`,
      'packages/two/package.json': manifest('@tenon/two', ['@tenon/one']),
      'packages/two/tsconfig.json': tsconfig('../one'),
      'packages/two/src/index.ts': `import type { One } from '@tenon/one';\nexport type Two = One;`,
      'tsconfig.json': tsconfig(
        ...['contract', 'core', 'codec-json', 'conformance', 'tenon', 'one', 'two'].map((one) => `packages/${one}`),
      ),
    },
    reports: ['packages/one/package.json:1 packages depend on each other: @tenon/one → @tenon/two → @tenon/one'],
  },

  plant(
    'a re-export outside an index',
    client,
    `import { Codec } from '@tenon/contract';\nexport { Codec };\nexport * from '@tenon/contract/authoring';\nexport type { Port } from '@tenon/contract';\nexport class Client {}`,
    '2 passes on what another file exports',
    '3 passes on what another file exports',
    '4 passes on what another file exports',
  ),

  {
    rule: "a file that imports its own package's index",
    change: {
      'packages/core/src/index.ts': `export const one = 1;`,
      [client]: `import { one } from '../index.js';\nexport class Client { one = one; }`,
    },
    reports: [`${client}:1 imports its own package's index by ../index.js`],
  },

  {
    rule: 'a package that the workspace globs do not find',
    change: {
      'package.json': JSON.stringify({ workspaces: ['packages/core', 'packages/*'], devDependencies: { vitest: '4' } }),
    },
    reports: [
      'package.json:1 workspaces names packages/core',
      'examples/hello/package.json:1 no workspace glob finds it',
    ],
  },

  plant(
    'a list of packages in the test configuration',
    'vitest.config.ts',
    `export default { test: { include: ['packages/core/src/**/*.test.ts'], alias: { '@tenon/codec-json': 'x' } } };`,
    '1 names packages/core',
    '1 names packages/codec-json',
  ),

  {
    rule: 'a package that `tsc -b` does not build, or builds without what it needs',
    change: {
      'tsconfig.json': tsconfig(
        'packages/contract',
        'packages/codec-json',
        'packages/conformance',
        'packages/tenon',
        'packages/gone',
      ),
      'packages/core/tsconfig.json': tsconfig(),
    },
    reports: [
      'tsconfig.json:1 does not reference packages/core',
      'tsconfig.json:1 references packages/gone, which has no tsconfig.json',
      'packages/core/tsconfig.json:1 does not reference packages/contract, which it depends on',
    ],
  },
];
