import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { built } from './built.js';
import { BackEnd } from './e2e/back-end.js';

// Every example, as a person runs it in development and as it ships: from its sources through oxc-node, and from what tsc
// emitted with plain Node.js.
const root = fileURLToPath(new URL('..', import.meta.url));
const fromSources = ['--import', '@oxc-node/core/register', '-C', '@tenon/source'];

interface Run {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** This process's environment without what belongs to the test run, and with `added`. */
function environment(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('TENON_') && !name.startsWith('VITEST'));
  return { ...Object.fromEntries(kept), ...added };
}

function run(command: string, parameters: readonly string[], added?: Readonly<Record<string, string>>): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(command, parameters, { cwd: root, env: environment(added), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.once('close', (code) => resolve({ code, output, errors }));
  });
}

beforeAll(built, 300_000);

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

describe('two-terminals', () => {
  test.each([
    ['through oxc-node', (file: string) => [...fromSources, `examples/two-terminals/src/${file}.ts`]],
    ['from tsc output', (file: string) => [`examples/two-terminals/dist/${file}.js`]],
  ])('runs %s, over etcd and NATS', { timeout: 120_000 }, async (_how, parameters) => {
    await using etcd = await BackEnd.started('etcd');
    await using nats = await BackEnd.started('nats-server');
    const addresses = { TENON_ETCD: etcd.address, TENON_NATS: nats.address };
    const service = spawn(process.execPath, parameters('service'), { cwd: root, env: environment(addresses) });
    const ended = once(service, 'exit');
    try {
      for await (const line of createInterface(service.stdout)) if (line.includes('ClockService.Time')) break;
      const { code, output, errors } = await run(process.execPath, parameters('caller'), addresses);
      expect(output, errors).toMatch(/^it is \d\d:\d\d:\d\d in Asia\/Tokyo, says process \d+$/m);
      expect(output).toContain('somebody asked for the time in Europe/Paris');
      expect(code).toBe(0);
    } finally {
      service.kill('SIGTERM');
    }
    expect(await ended).toEqual([0, null]);
  });
});

test('plain JavaScript runs as it is', { timeout: 60_000 }, async () => {
  const { code, output, errors } = await run(process.execPath, ['examples/plain-javascript/src/greeter.js']);
  expect(output, errors).toContain("{ text: 'Hello Ada, and welcome' }");
  expect(code).toBe(0);
});

test('the summary counts every call and event of the shop', { timeout: 60_000 }, async () => {
  const { output, errors } = await run(process.execPath, [...fromSources, 'examples/shop/src/start.ts']);
  expect(output, errors).toMatch(/^\{"orders".*$/m);
  const summary = JSON.parse(/^\{"orders".*$/m.exec(output)?.[0] ?? '{}');
  const sum = (counts: Record<string, number>): number =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  expect(summary.orders).toBe(6);
  expect(sum(summary.calls)).toBe(12);
  expect(sum(summary.events)).toBe(6);
  expect(output).toMatch(/^The shop as processes that find each other, without any server.*npm run start:cluster$/m);
  expect(output).toMatch(
    /^ {2}curl -s -H 'content-type: application\/json' -d '\{.*\}' http:\/\/127\.0\.0\.1:\d+\/orders\/Orders\.Place$/m,
  );
});
