import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';

// Every example, as a person runs it in development and as it ships: from its sources through oxc-node, and from what tsc
// emitted with plain Node.js.
const root = fileURLToPath(new URL('..', import.meta.url));
const fromSources = ['--import', '@oxc-node/core/register', '-C', '@tenon/source'];

interface Run {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

function run(command: string, parameters: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    const environment = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('TENON_') && !name.startsWith('VITEST')),
    );
    const child = spawn(command, parameters, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.once('close', (code) => resolve({ code, output, errors }));
  });
}

beforeAll(async () => {
  const build = await run(process.execPath, ['node_modules/typescript/bin/tsc', '-b']);
  expect(build.output, 'tsc -b').toBe('');
}, 300_000);

const examples = [
  { name: 'hello', file: 'hello', expected: /^\{ greeting: 'Hello Ada' \}$/m },
  { name: 'swap', file: 'swap', expected: /^Validator\s+by ContainerModule → validate HelloRequest/m },
  { name: 'shop', file: 'start', expected: /^\{"orders":6,"calls":\{.*\},"events":\{.*\}\}$/m },
  {
    name: 'shop',
    file: 'cluster',
    expected: /order-3 began on payments-\w+ and was completed on payments-\w+.*?^\{"orders":8,/ms,
  },
];

describe.each(examples)('$name/$file', ({ name, file, expected }) => {
  test.each([
    ['through oxc-node', [...fromSources, `examples/${name}/src/${file}.ts`]],
    ['from tsc output', [`examples/${name}/dist/${file}.js`]],
  ])('runs %s', { timeout: 120_000 }, async (_how, parameters) => {
    const { code, output, errors } = await run(process.execPath, parameters);
    expect(output, errors).toMatch(expected);
    expect(code).toBe(0);
  });
});

test('plain JavaScript runs as it is', { timeout: 60_000 }, async () => {
  const { code, output, errors } = await run(process.execPath, ['examples/plain-javascript/src/greeter.js']);
  expect(output, errors).toContain("{ text: 'Hello Ada, and welcome' }");
  expect(code).toBe(0);
});

test('the summary counts every call and event of the shop', { timeout: 60_000 }, async () => {
  const { output } = await run(process.execPath, [...fromSources, 'examples/shop/src/start.ts']);
  const summary = JSON.parse(/^\{"orders".*$/m.exec(output)?.[0] ?? '{}');
  const sum = (counts: Record<string, number>): number =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  expect(summary.orders).toBe(6);
  expect(sum(summary.calls)).toBe(12);
  expect(sum(summary.events)).toBe(6);
  expect(output).toMatch(/^The shop, without any server.*npm run start:cluster$/m);
  expect(output).toMatch(
    /^ {2}curl -s -H 'content-type: application\/json' -d '\{.*\}' http:\/\/127\.0\.0\.1:\d+\/orders\/Orders\.Place$/m,
  );
});
