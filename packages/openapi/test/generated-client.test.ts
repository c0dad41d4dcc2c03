import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import openapiTS, { astToString } from 'openapi-typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunningShop } from './running-shop.js';

// A client that a stranger's generator makes from the document, compiled strictly, calls the app that the document came from.

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Within the repository, so that `openapi-fetch` is found. */
const folder = join(root, '.tmp', `generated-client-${process.pid}`);
let shop: RunningShop;

beforeAll(async () => {
  shop = await RunningShop.started();
  await mkdir(folder, { recursive: true });
  const document = await (await shop.get('/openapi.json')).text();
  await writeFile(join(folder, 'schema.ts'), astToString(await openapiTS(document)));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(strict));
});

afterAll(async () => {
  await shop?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function run(...parameters: readonly string[]): Promise<{ readonly code: unknown; readonly text: string }> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [...parameters], { cwd: folder });
    return { code: 0, text: stdout };
  } catch (thrown) {
    const { code, stdout, stderr } = thrown as { code: unknown; stdout: string; stderr: string };
    return { code, text: `${stdout}${stderr}` };
  }
}

const compiled = () => run(join(root, 'node_modules/typescript/bin/tsc'), '-p', '.', '--pretty', 'false');

test('unary calls, their errors, and a stream', async () => {
  await writeFile(join(folder, 'program.ts'), program);
  expect(await compiled()).toEqual({ code: 0, text: '' });
  const { code, text } = await run('program.js', shop.url);
  expect([code, text]).toEqual([0, expect.any(String)]);
  expect(JSON.parse(text)).toEqual({
    pieces: 5,
    refused: [404, 'NotFound', 'there is nobody', 'yes'],
    broken: [400, 'InvalidArgument', 'no'],
    tree: { name: 'all', within: [{ name: 'some' }] },
    ticks: [{ number: 1 }, { number: 2 }, { number: 3 }],
    late: ['DeadlineExceeded'],
  });
});

test.each<readonly [string, string, string]>([
  [
    'a field that is missing',
    "client.POST('/orders/Orders.Place', { body: { customer: 'c' } })",
    "Property 'lines' is missing",
  ],
  [
    'a value that is none of the list',
    "client.POST('/orders/Orders.Place', { body: { customer: 'c', lines: [], by: 'air' } })",
    '"air"',
  ],
  ['a path that is not there', "client.POST('/orders/Orders.Gone', {})", 'Orders.Gone'],
])('%s does not compile', async (_what, call, said) => {
  const lines = ["import createClient from 'openapi-fetch';", "import type { paths } from './schema.js';"];
  await writeFile(
    join(folder, 'program.ts'),
    [...lines, 'const client = createClient<paths>();', `await ${call};`, ''].join('\n'),
  );
  const { code, text } = await compiled();
  expect([code === 0, text]).toEqual([false, expect.stringContaining(said)]);
});

const program = `import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

const client = createClient<paths>({ baseUrl: process.argv[2] ?? '' });
type Schemas = components['schemas'];

const order: Schemas['PlaceOrder'] = {
  customer: 'ada@example.com',
  lines: [{ sku: 'tea', quantity: 2 }, { sku: 'cup', quantity: 3 }],
};
const params = { header: { 'tenon-timeout-ms': 5_000, 'tenon-idempotency-key': 'order-1' } };
const placed = await client.POST('/orders/Orders.Place', { body: order, params });
const pieces: number | undefined = placed.data?.pieces;

const nobody = await client.POST('/orders/Orders.Place', { body: { ...order, customer: 'nobody@example.com' } });
const failure: Schemas['Failure'] | undefined = nobody.error;
const refused = [nobody.response.status, failure?.code, failure?.message, failure?.executed];

const wrong = await client.POST('/orders/Orders.Place', { body: { ...order, lines: [] } });
const broken = [wrong.response.status, wrong.error?.code, wrong.error?.executed];

const tree: Schemas['Category'] | undefined = (
  await client.POST('/orders/Orders.Sort', { body: { name: 'all', within: [{ name: 'some' }] } })
).data;

const { data: stream } = await client.POST('/orders/Orders.Count', { body: { to: 3 }, parseAs: 'stream' });
const ticks: Schemas['Tick'][] = [];
let rest = '';
const decoder = new TextDecoder();
for await (const chunk of stream as ReadableStream<Uint8Array>) {
  const lines = (rest + decoder.decode(chunk, { stream: true })).split('\\n');
  rest = lines.pop() ?? '';
  ticks.push(...lines.map((line) => JSON.parse(line) as Schemas['Tick']));
}

const slow = await client.POST('/orders/Orders.Count', { body: { to: 0 }, params: { header: { 'tenon-timeout-ms': 200 } } });
const late = [slow.error?.code];
console.log(JSON.stringify({ pieces, refused, broken, tree, ticks, late }));
`;

const strict = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023', 'DOM', 'DOM.AsyncIterable'],
    types: ['node'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noImplicitReturns: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
  },
  include: ['*.ts'],
};
