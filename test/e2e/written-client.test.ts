import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '@tenon/conformance';
import { createApp, etcdRegistry, Registry } from 'tenon';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { built } from '../built.js';
import { BackEnd } from './back-end.js';

// The clients that the command writes for the example shop, which runs as it ships, over etcd and NATS: compiled as strictly as the
// compiler can, and run by a program that has nothing else of the shop.

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'packages/cli/bin/tenon.js');
/** Within the repository, so that `tenon` is found. */
const folder = join(root, '.tmp', `written-client-${process.pid}`);

let etcd: BackEnd;
let nats: BackEnd;
const nodes: ChildProcess[] = [];

interface Run {
  readonly code: unknown;
  readonly output: string;
  readonly errors: string;
}

async function run(parameters: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:TENON_|VITEST|NODE_)/.test(name));
  const options = { cwd: folder, env: { ...Object.fromEntries(kept), ...env } };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [...parameters], options);
    return { code: 0, output: stdout, errors: stderr };
  } catch (thrown) {
    const {
      code,
      stdout: output = '',
      stderr: errors = '',
    } = thrown as { code: unknown; stdout?: string; stderr?: string };
    return { code, output, errors };
  }
}

const tenon = (...args: readonly string[]): Promise<Run> => run([bin, ...args], { TENON_ETCD: etcd.address });
const compiled = (): Promise<Run> =>
  run([join(root, 'node_modules/typescript/bin/tsc'), '-p', '.', '--pretty', 'false']);

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  [etcd, nats] = await Promise.all([BackEnd.started('etcd'), BackEnd.started('nats-server'), built()]);
  const env = { ...process.env, TENON_PROFILE: 'standard', TENON_ETCD: etcd.address, TENON_NATS: nats.address };
  for (const service of ['orders', 'payments', 'mails']) {
    const script = join(root, 'examples/shop/dist/node.js');
    nodes.push(spawn(process.execPath, [script, service], { env, stdio: 'ignore' }));
  }
  await using watcher = await createApp({
    profile: 'test',
    log: { level: 'silent' },
    modules: [etcdRegistry({ endpoints: [etcd.address] })],
  });
  await watcher.start();
  await eventually(async () => expect(await watcher.get(Registry).list()).toEqual(['mails', 'orders', 'payments']), {
    withinMs: 60_000,
  });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(strictest));
}, 300_000);

afterAll(async () => {
  const ended = nodes.filter(({ exitCode }) => exitCode === null).map((node) => once(node, 'exit'));
  for (const node of nodes) node.kill('SIGKILL');
  await Promise.all(ended);
  await Promise.all([etcd?.dispose(), nats?.dispose()]);
  await rm(folder, { recursive: true, force: true });
});

test('what is written compiles under the strictest flags, and calls the shop: unary, all three streams, errors', async () => {
  for (const service of ['orders', 'payments']) {
    const { code, output, errors } = await tenon('client', service, '--lang', 'ts', '--out', `${service}.ts`);
    expect([code, output, errors]).toEqual([0, `${service}.ts: ${service} 1.0.0\n`, '']);
  }
  await writeFile(join(folder, 'program.ts'), program);
  expect(await compiled()).toEqual({ code: 0, output: '', errors: '' });
  const env = { TENON_PROFILE: 'standard', TENON_ETCD: etcd.address, TENON_NATS: nats.address };
  const { code, output, errors } = await run(['program.js'], env);
  expect([code, errors]).toEqual([0, '']);
  expect(JSON.parse(output)).toEqual({
    placed: { orderId: 'o-1', cents: 900, receipt: 'receipt-o-1', paidBy: expect.stringMatching(/^payments-/) },
    subtotals: [900, 1_700],
    total: { lines: 2, cents: 1_700 },
    installments: [333, 333, 334],
    refused: 'InvalidArgument lines[0].quantity',
    limit: { limitCents: 100_000 },
    front: { lines: 1, cents: 900 },
    idempotent: ['charge'],
  });
});

test.each<readonly [string, string, string]>([
  ['a request without a field', "await orders.place({ orderId: 'o', customer: 'c' });", "Property 'lines' is missing"],
  [
    'a field of another type',
    "await payments.charge({ orderId: 'o', cents: '1' });",
    "Type 'string' is not assignable",
  ],
  ['a method that is not there', 'await payments.refund({});', "Property 'refund' does not exist"],
  [
    'a stream that is awaited for its fields',
    'const { cents } = await orders.price([]);',
    "Property 'cents' does not exist",
  ],
])('%s does not compile', async (_what, line, said) => {
  const lines = ["import { createApp } from 'tenon';", ...imports, 'const app = await createApp();', ...clients, line];
  await writeFile(join(folder, 'program.ts'), `${lines.join('\n')}\nvoid [orders, payments];\n`);
  expect(await compiled()).toMatchObject({ output: expect.stringContaining(said) });
});

test('the same service is written in the same bytes, to a file or to standard output', async () => {
  const [first, second] = [await tenon('client', 'orders'), await tenon('client', 'orders')];
  expect(first).toEqual({ code: 0, output: await readFile(join(folder, 'orders.ts'), 'utf8'), errors: '' });
  expect(second).toEqual(first);
  const { output } = await tenon('client', 'orders', '--json');
  expect(JSON.parse(output)).toEqual({ service: 'orders', version: '1.0.0', language: 'ts', text: first.output });
});

test('what cannot be written says why', async () => {
  expect(await tenon('client', 'orders', '--lang', 'go')).toMatchObject({
    code: 2,
    output: '',
    errors: expect.stringContaining("option '--lang <language>' argument 'go' is invalid. Allowed choices are ts."),
  });
  expect(await tenon('client', 'nobody')).toMatchObject({
    code: 4,
    errors: 'tenon: no node of nobody is registered; there are mails, orders, payments\n',
  });
  expect(await tenon('client', 'orders', '--service-version', '2.0.0')).toMatchObject({
    code: 4,
    errors: 'tenon: orders has no version 2.0.0; there are 1.0.0\n',
  });
  expect(await tenon('client', 'orders', '--out', 'none/orders.ts')).toMatchObject({
    code: 2,
    errors: 'tenon: --out: none/orders.ts cannot be written (ENOENT)\n',
  });
});

const imports = ["import { OrdersContract } from './orders.js';", "import { PaymentsContract } from './payments.js';"];
const clients = ['const orders = app.client(OrdersContract);', 'const payments = app.client(PaymentsContract);'];

const program = `import 'reflect-metadata';
import { anything, type ClientOf, createApp, Endpoint, InjectClient, Service, ServiceError } from 'tenon';
import { type Orders, OrdersContract, type OrderLine, type Subtotal } from './orders.js';
import { PaymentsContract } from './payments.js';

class Front {
  readonly #orders: ClientOf<Orders>;

  constructor(orders: ClientOf<Orders>) {
    this.#orders = orders;
  }

  async total({ basket }: { readonly basket: readonly OrderLine[] }): Promise<Subtotal> {
    return this.#orders.total(basket);
  }
}
InjectClient(OrdersContract)(Front, undefined, 0);
Endpoint({ request: anything })(Front.prototype, 'total', { value: Front.prototype.total });
Service('front')(Front);

await using app = await createApp({ services: [Front], log: { level: 'error' }, banner: false });
await app.start();
const orders = app.client(OrdersContract);
const payments = app.client(PaymentsContract);
const tea: OrderLine = { sku: 'tea', quantity: 2, cents: 450 };
const cup: OrderLine = { sku: 'cup', quantity: 1, cents: 800 };

const placed = await orders.place({ orderId: 'o-1', customer: 'ada@example.com', lines: [tea] });
const subtotals: number[] = [];
for await (const { cents } of orders.price([tea, cup])) subtotals.push(cents);
const total: Subtotal = await orders.total([tea, cup]);
const installments: number[] = [];
for await (const { cents } of payments.installments({ cents: 1_000, months: 3 })) installments.push(cents);
const failure = async (call: Promise<unknown>): Promise<ServiceError> => ServiceError.from(await call.catch((thrown: unknown) => thrown));
const broken = await failure(orders.place({ orderId: 'o-2', customer: 'c', lines: [{ ...tea, quantity: 0 }] }));
const { violations } = broken.details as { readonly violations: readonly { readonly field: string }[] };
const refused = \`\${broken.code} \${violations[0]?.field}\`;
const { details: limit } = await failure(payments.charge({ orderId: 'o-3', cents: 200_000 }));
const front = await app.call('front', 'Front.Total', { basket: [tea] });
const idempotent = [...PaymentsContract.idempotent];
console.log(JSON.stringify({ placed, subtotals, total, installments, refused, limit, front, idempotent }));
`;

/** All that the compiler can be strict about, for code that stands in a module. */
const strictest = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023', 'ESNext.Disposable'],
    types: ['node'],
    typeRoots: [relative(folder, join(root, 'node_modules/@types'))],
    module: 'nodenext',
    strict: true,
    allowUnreachableCode: false,
    allowUnusedLabels: false,
    exactOptionalPropertyTypes: true,
    isolatedDeclarations: true,
    declaration: true,
    isolatedModules: true,
    noErrorTruncation: true,
    noFallthroughCasesInSwitch: true,
    noImplicitOverride: true,
    noImplicitReturns: true,
    noPropertyAccessFromIndexSignature: true,
    noUncheckedIndexedAccess: true,
    noUncheckedSideEffectImports: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    forceConsistentCasingInFileNames: true,
    experimentalDecorators: true,
    skipLibCheck: false,
  },
  include: ['*.ts'],
};
