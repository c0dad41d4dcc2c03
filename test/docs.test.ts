import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { processHealth } from '@tenon/core';
import {
  type Code,
  callClient,
  callServer,
  codes,
  consistentHashStrategy,
  createApp,
  type Provider,
  registrySelector,
  ServiceError,
  versionWeights,
  zoneAwareStrategy,
} from 'tenon';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { attemptsOnFailure } from './documentation/attempts-on-failure.js';
import { defaultOf, fieldsOf } from './documentation/options-in-source.js';
import { codeBlocks, type Page, readPage, root, tableUnder } from './documentation/page.js';
import { SnippetProject } from './documentation/snippet-project.js';

const markdownIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const foldersIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder)).flatMap((name) =>
    existsSync(join(root, folder, name, 'README.md')) ? [join(folder, name, 'README.md')] : [],
  );

/** The pages whose code is compiled. */
const guides = [
  'README.md',
  ...markdownIn('docs'),
  ...markdownIn('docs/decisions'),
  ...foldersIn('examples'),
  'packages/tenon/README.md',
  'packages/testing/README.md',
].map(readPage);

describe('every piece of code in the documentation', () => {
  const project = new SnippetProject(guides);
  beforeAll(() => project.write());
  afterAll(() => project[Symbol.dispose]());

  test('compiles', { timeout: 120_000 }, async () => {
    expect(project.snippets.length).toBeGreaterThan(20);
    expect(await project.compile()).toEqual([]);
  });

  const programs = project.snippets.filter(({ block }) => block.marks.has('run'));
  test.each(programs.map((snippet) => [snippet.block.place, snippet] as const))(
    '%s runs, and prints what stands behind it',
    { timeout: 60_000 },
    async (_place, snippet) => {
      const printed = await project.run(snippet);
      const blocks = guides.flatMap((page) => page.blocks);
      const next = blocks[blocks.indexOf(snippet.block) + 1];
      if (next?.marks.has('prints')) expect(printed).toBe(next.code);
    },
  );

  const excerpts = guides.flatMap(({ blocks }) => blocks.filter(({ marks }) => marks.has('from')));
  test.each(excerpts.map((block) => [block.place, block] as const))('%s is what the file says', (_place, block) => {
    const source = readFileSync(join(root, block.marks.get('from') ?? ''), 'utf8');
    expect(source).toContain(block.code);
  });

  test('is known by language and by marks, so that none is left out by a typing error', () => {
    const all = guides.flatMap(({ blocks }) => blocks);
    const languages = ['ts', 'js', 'json', 'sh', 'console', 'text'];
    expect(all.filter(({ language }) => !languages.includes(language)).map(({ place }) => place)).toEqual([]);
    const known = ['file', 'run', 'from', 'prints', 'hello', 'tsconfig'];
    const marks = new Set(all.flatMap((block) => [...block.marks.keys()]));
    expect([...marks].filter((mark) => !known.includes(mark))).toEqual([]);
  });
});

test('a block of code is found with its place and what stands before it', () => {
  const page = ['# A', '<!-- run -->', '<!-- file: a.ts -->', '```ts', 'let a;', '```', '', '```', 'plain', '```', ''];
  expect(codeBlocks('a.md', page.join('\n'))).toEqual([
    {
      place: 'a.md:5',
      language: 'ts',
      code: 'let a;\n',
      marks: new Map([
        ['run', ''],
        ['file', 'a.ts'],
      ]),
    },
    { place: 'a.md:9', language: '', code: 'plain\n', marks: new Map() },
  ]);
});

test('every link within the repository leads somewhere', () => {
  const pages = [...guides.map(({ path }) => path), ...foldersIn('packages'), 'CONTRIBUTING.md', 'SECURITY.md'];
  const broken = pages.flatMap((path) =>
    [...readPage(path).text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
      if (/^[a-z]+:/.test(target)) return [];
      const [file = '', heading] = target.split('#');
      const found = join(root, file === '' ? path : join(dirname(path), file));
      if (!existsSync(found)) return [`${path} → ${target}`];
      return heading === undefined || headingsOf(found).includes(heading) ? [] : [`${path} → ${target}`];
    }),
  );
  expect(broken).toEqual([]);
});

test('a file that the documentation names by its path exists', () => {
  const missing = guides.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:packages|examples|scripts|test|docs)\/[\w./-]+)`/g)].flatMap(([, named = '']) =>
      existsSync(join(root, named)) ? [] : [`${path}: ${named}`],
    ),
  );
  expect(missing).toEqual([]);
});

describe('docs/errors.md', () => {
  const rows = tableUnder(readPage('docs/errors.md'), 'The sixteen codes');

  test('lists every code with its numbers and meaning, and no other', () => {
    expect(rows.map(([code, status, number, meaning]) => [code, Number(status), Number(number), meaning])).toEqual(
      Object.entries(codes).map(([code, { httpStatus, number, meaning }]) => [
        `\`${code}\``,
        httpStatus,
        number,
        meaning,
      ]),
    );
  });

  test.each(rows.map(([code = '', , , , tried]) => [code.replaceAll('`', ''), tried === 'yes'] as const))(
    'says rightly whether another node is tried after %s',
    async (code, isTried) => {
      const attempts = (executed: 'no' | 'maybe' | 'yes', idempotent: boolean): Promise<number> =>
        attemptsOnFailure(new ServiceError(code as Code, 'fails', { executed }), idempotent);
      expect(await attempts('no', false)).toBe(isTried ? 2 : 1);
      expect(await attempts('maybe', true)).toBe(isTried ? 2 : 1);
      expect(await attempts('maybe', false)).toBe(1);
      expect(await attempts('yes', true)).toBe(1);
    },
  );
});

describe('docs/configuration.md', () => {
  const page = readPage('docs/configuration.md');
  const health = readPage('docs/health.md');
  const balancing = readPage('docs/balancing.md');
  const app = (options: object): Promise<unknown> => createApp({ profile: 'test', ...options });
  type Take = (options: object) => Provider | Promise<unknown>;
  const tables: readonly (readonly [string, Page, string, string, Take])[] = [
    ['createApp', page, 'packages/tenon/src/app/app-options.ts', 'AppOptions', app],
    ['server', page, 'packages/core/src/server/server-options.ts', 'ServerOptions', callServer],
    [
      'server.concurrency',
      page,
      'packages/core/src/overload/concurrency-options.ts',
      'ConcurrencyOptions',
      (concurrency) => callServer({ concurrency }),
    ],
    [
      'server.queue',
      page,
      'packages/core/src/overload/queue-options.ts',
      'QueueOptions',
      (queue) => callServer({ queue }),
    ],
    [
      'server.idempotency',
      page,
      'packages/core/src/overload/idempotency-options.ts',
      'IdempotencyOptions',
      (idempotency) => callServer({ idempotency }),
    ],
    ['client', page, 'packages/core/src/client/client-options.ts', 'ClientOptions', callClient],
    [
      'client.retry',
      page,
      'packages/core/src/resilience/retry-options.ts',
      'RetryOptions',
      (retry) => callClient({ retry }),
    ],
    [
      'client.retry.budget',
      page,
      'packages/core/src/resilience/retry-budget.ts',
      'RetryBudgetOptions',
      (budget) => callClient({ retry: { budget } }),
    ],
    [
      'client.silence',
      page,
      'packages/core/src/client/silence-options.ts',
      'SilenceOptions',
      (silence) => callClient({ silence }),
    ],
    [
      'client.breaker',
      page,
      'packages/core/src/resilience/breaker-options.ts',
      'BreakerOptions',
      (breaker) => callClient({ breaker }),
    ],
    ['registrySelector', page, 'packages/core/src/selector/selector-options.ts', 'SelectorOptions', registrySelector],
    [
      'registrySelector.ejection',
      page,
      'packages/core/src/selector/selector-options.ts',
      'EjectionOptions',
      (ejection) => registrySelector({ ejection: { baseHoldMs: 10, ...ejection } }),
    ],
    [
      'consistentHashStrategy',
      balancing,
      'packages/core/src/selector/consistent-hash.ts',
      'ConsistentHashOptions',
      consistentHashStrategy,
    ],
    [
      'zoneAwareStrategy',
      balancing,
      'packages/core/src/selector/zone-aware.ts',
      'ZoneAwareOptions',
      (options) => zoneAwareStrategy('a', options),
    ],
    [
      'versionWeights',
      balancing,
      'packages/core/src/selector/version-weights.ts',
      'VersionWeightsOptions',
      (options) => versionWeights({ '1': 1 }, options),
    ],
    ['health', health, 'packages/core/src/health/health-options.ts', 'HealthOptions', processHealth],
  ];
  afterEach(() => vi.unstubAllEnvs());

  test.each(tables)('%s has every option of its interface, and no other', (heading, at, file, declared) => {
    expect(namesUnder(at, heading)).toEqual(fieldsOf(file, declared));
  });

  test.each(tables)('%s tells the defaults and ranges of the source', async (heading, at, file, _declared, take) => {
    for (const [cell = '', fallback = '', range = ''] of tableUnder(at, heading)) {
      const name = cell.replaceAll('`', '');
      const bounds = /^([\d,]+) to ([\d,]+)$/.exec(range);
      const value = defaultOf(file, name);
      expect([name, bounds !== null]).toEqual([name, value !== undefined]);
      if (bounds === null) continue;
      const [min, max] = [numberIn(bounds[1]), numberIn(bounds[2])];
      expect([name, numberIn(fallback)]).toEqual([name, value]);
      for (const fits of [min, max]) await take({ [name]: fits });
      for (const unfit of [min - 1, max + 1]) {
        await expect((async () => take({ [name]: unfit }))()).rejects.toThrow(
          new RegExp(`${name} is ${unfit}; .* from ${min} to ${max}`),
        );
      }
    }
  });

  test('environment has every variable, and no other', async () => {
    vi.stubEnv('TENON_UNKNOWN', '1');
    const error = ServiceError.from(await createApp().catch((thrown) => thrown));
    const variables = error.message.match(/TENON_\w+/g)?.filter((name) => name !== 'TENON_UNKNOWN');
    expect([...namesUnder(page, 'Environment')].sort()).toEqual([...(variables ?? [])].sort());
  });
});

/** The first column of a table, without the marks of code. */
function namesUnder(page: Page, heading: string): readonly string[] {
  return tableUnder(page, heading).map(([cell = '']) => cell.replaceAll('`', ''));
}

/** The anchors of a page's headings, as GitHub makes them. */
function headingsOf(file: string): readonly string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** `86,400,000` as a number. */
function numberIn(text = ''): number {
  return Number(text.replaceAll(',', '').replaceAll('`', ''));
}
