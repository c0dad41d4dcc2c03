import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@tenon/conformance';
import { IsInt, IsString, MinLength } from 'class-validator';
import {
  type App,
  callContext,
  createApp,
  Endpoint,
  etcdRegistry,
  httpTransport,
  type Module,
  Service,
  ServiceError,
  tcpTransport,
} from 'tenon';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { built } from '../built.js';
import { readPage } from '../documentation/page.js';
import { BackEnd } from './back-end.js';
import { ended, type Run } from './ended-run.js';

// The command as it ships, against a real etcd and services that are called over tenon/1 and over HTTP.

const bin = fileURLToPath(new URL('../../packages/cli/bin/tenon.js', import.meta.url));

class HelloRequest {
  @IsString() @MinLength(1) name!: string;
}
class HelloReply {
  @IsString() greeting!: string;
}
class CountRequest {
  @IsInt() to!: number;
}
class Tick {
  @IsInt() number!: number;
}

@Service('greeter', { version: '1.2.0' })
class Greeter {
  @Endpoint({ response: HelloReply })
  async hello({ name }: HelloRequest): Promise<HelloReply> {
    if (name === 'nobody') throw new ServiceError('NotFound', 'there is nobody', { details: { name } });
    if (name === 'Godot') await waited();
    const from = callContext().metadata['x-from'];
    return { greeting: `Hello ${name}${from === undefined ? '' : `, says ${from}`}` };
  }

  @Endpoint({ stream: 'server', response: Tick })
  async *count({ to }: CountRequest): AsyncIterable<Tick> {
    for (let number = 1; number <= to; number += 1) yield { number };
    if (to === 0) await waited();
  }

  @Endpoint({ stream: 'client', request: Tick })
  async add(_numbers: AsyncIterable<Tick>): Promise<Tick> {
    return { number: 0 };
  }
}

/** How many handlers wait until their caller gives up. */
let waiting = 0;

async function waited(): Promise<void> {
  waiting += 1;
  await new Promise((resolve) => callContext().signal.addEventListener('abort', resolve));
  waiting -= 1;
}

@Service('mailer', { version: '2.0.0' })
class Mailer {
  @Endpoint()
  async send({ name }: HelloRequest): Promise<{ sent: string }> {
    return { sent: name };
  }
}

let etcd: BackEnd;
const apps: App[] = [];
let folder: string;

async function serve(service: typeof Greeter | typeof Mailer, wire: Module): Promise<App> {
  const app = await createApp({
    services: [service],
    modules: [etcdRegistry({ endpoints: [etcd.address] }), wire],
    profile: 'test',
    log: { level: 'silent' },
  });
  apps.push(app);
  await app.start();
  return app;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenon-cli-'));
  [etcd] = await Promise.all([BackEnd.started('etcd'), built()]);
  await serve(Greeter, tcpTransport());
  await serve(Mailer, httpTransport());
}, 300_000);

afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await etcd?.dispose();
  await rm(folder, { recursive: true, force: true });
});

function begin(args: readonly string[], added: Readonly<Record<string, string>> = {}, cwd = folder): ChildProcess {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:TENON_|VITEST|NODE_)/.test(name));
  const env = { ...Object.fromEntries(kept), TENON_ETCD: etcd.address, ...added };
  return spawn(process.execPath, [bin, ...args], { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
}

function tenon(...args: readonly string[]): Promise<Run> {
  return ended(begin(args));
}

const ok = (output: string): Run => ({ code: 0, output, errors: '' });

describe('reading', () => {
  test('services, as a table and as JSON', async () => {
    expect(await tenon('services')).toEqual(
      ok('SERVICE  VERSIONS  NODES\ngreeter  1.2.0     1\nmailer   2.0.0     1\n'),
    );
    expect(JSON.parse((await tenon('services', '--json')).output)).toEqual([
      { name: 'greeter', versions: ['1.2.0'], nodes: 1 },
      { name: 'mailer', versions: ['2.0.0'], nodes: 1 },
    ]);
  });

  test('nodes', async () => {
    const { output } = await tenon('nodes', 'greeter');
    expect(output).toMatch(
      /^NODE {2,}VERSION {2}ADDRESS {2,}PROTOCOLS\ngreeter-\w+ {2}1\.2\.0 {4}127\.0\.0\.1:\d+ {2}tenon\/1\S*\n$/,
    );
    const [node] = JSON.parse((await tenon('--json', 'nodes', 'greeter')).output) as { id: string; address: string }[];
    expect(output).toContain(`${node?.id}  1.2.0    ${node?.address}`);
  });

  test('describe', async () => {
    const { output } = await tenon('describe', 'greeter');
    expect(output.replace(/greeter-\w+ {2}127\.0\.0\.1:\d+/, 'NODE')).toBe(
      [
        'greeter 1.2.0',
        '  endpoints',
        '    Greeter.Hello(HelloRequest { name: string }) → HelloReply { greeting: string }',
        '    Greeter.Count(CountRequest { to: integer }) → stream of Tick { number: integer }',
        '    Greeter.Add(stream of Tick { number: integer }) → anything',
        '  nodes',
        '    NODE  tenon/1,memory',
        '',
      ].join('\n'),
    );
  });

  test('what is not there is told, with what there is, and code 4', async () => {
    for (const command of ['nodes', 'describe']) {
      expect(await tenon(command, 'nobody')).toEqual({
        code: 4,
        output: '',
        errors: 'tenon: no node of nobody is registered; there are greeter, mailer\n',
      });
    }
  });
});

describe('calling', () => {
  test('over tenon/1 and over HTTP', async () => {
    expect(await tenon('call', 'greeter', 'Greeter.Hello', '{"name":"Ada"}')).toEqual(ok('{"greeting":"Hello Ada"}\n'));
    expect(await tenon('call', 'mailer', 'send', '{"name":"Ada"}', '--codec', 'json')).toEqual(ok('{"sent":"Ada"}\n'));
  });

  test('with metadata, a codec, and a request from standard input', async () => {
    const args = ['call', 'greeter', 'hello', '-', '--metadata', 'x-from=Bob', '--codec', 'msgpack'];
    expect(await ended(begin(args), '{"name":"Ada"}')).toEqual(ok('{"greeting":"Hello Ada, says Bob"}\n'));
  });

  test('a stream is a line for each message', async () => {
    expect(await tenon('call', 'greeter', 'Greeter.Count', '{"to":3}')).toEqual(
      ok('{"number":1}\n{"number":2}\n{"number":3}\n'),
    );
  });

  test("a service's error is told, with its details, and code 1", async () => {
    const args = ['call', 'greeter', 'hello', '{"name":"nobody"}'];
    const text = await tenon(...args);
    expect(text).toMatchObject({ code: 1, output: '' });
    expect(text.errors).toBe('tenon: NotFound: there is nobody\n{\n  "name": "nobody"\n}\n');
    expect(JSON.parse((await tenon(...args, '--json')).errors)).toMatchObject({
      error: { code: 'NotFound', message: 'there is nobody', details: { name: 'nobody' } },
    });
  });

  test('a call that takes too long ends in its time, with code 1', async () => {
    const { code, errors } = await tenon('call', 'greeter', 'hello', '{"name":"Godot"}', '--timeout', '1000');
    expect([code, errors]).toEqual([1, expect.stringContaining('DeadlineExceeded')]);
  });

  test('an endpoint that is not there is code 4, one that cannot be called so code 2', async () => {
    expect(await tenon('call', 'greeter', 'bye')).toMatchObject({
      code: 4,
      errors: 'tenon: greeter has no endpoint bye; there are Greeter.Add, Greeter.Count, Greeter.Hello\n',
    });
    expect(await tenon('call', 'greeter', 'add', '{}')).toMatchObject({ code: 2 });
  });

  test('Ctrl-C ends a stream and a call, with code 130', async () => {
    for (const args of [
      ['count', '{"to":0}'],
      ['hello', '{"name":"Godot"}'],
    ]) {
      const child = begin(['call', 'greeter', ...args]);
      const over = ended(child);
      await eventually(() => expect(waiting).toBe(1), { withinMs: 20_000 });
      child.kill('SIGINT');
      expect(await over).toEqual({ code: 130, output: '', errors: '' });
      await eventually(() => expect(waiting).toBe(0), { withinMs: 20_000 });
    }
  });
});

describe('watching', () => {
  test.each([['greeter'], []])('tells who comes and goes: %s', async (...names) => {
    const child = begin(['watch', ...names, '--json']);
    const events: { service: string; kind: string; records: { nodes: object[] }[] }[] = [];
    let rest = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      events.push(...lines.map((line) => JSON.parse(line)));
    });
    const over = ended(child);
    const counts = (): readonly number[] =>
      events
        .filter(({ service }) => service === 'greeter')
        .map(({ records }) => records.reduce((count, { nodes }) => count + nodes.length, 0));
    await eventually(() => expect(counts()).toEqual([1]), { withinMs: 20_000 });
    const second = await serve(Greeter, tcpTransport());
    await eventually(() => expect(counts()).toEqual([1, 2]), { withinMs: 20_000 });
    await second.drain();
    await eventually(() => expect(counts()).toEqual([1, 2, 1]), { withinMs: 20_000 });
    expect(new Set(events.map(({ service }) => service)).has('mailer')).toBe(names.length === 0);
    child.kill('SIGINT');
    expect(await over).toMatchObject({ code: 0, errors: '' });
  });

  test('reads as lines, and ends where its reader ends', async () => {
    const child = begin(['watch', 'greeter']);
    const over = ended(child);
    const [line] = await new Promise<readonly string[]>((resolve) =>
      child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().split('\n'))),
    );
    expect(line).toMatch(/^\d\d:\d\d:\d\d \+ greeter {2}1\.2\.0 {2}greeter-\w+ {2}127\.0\.0\.1:\d+$/);
    child.stdout?.destroy();
    const second = await serve(Greeter, tcpTransport());
    expect(await over).toMatchObject({ code: 0, errors: '' });
    await second.drain();
  });
});

describe('what cannot be done', () => {
  test.each<readonly [string, readonly string[], string]>([
    ['an unknown option', ['services', '--adress', 'x'], "error: unknown option '--adress'"],
    ['a missing argument', ['nodes'], "error: missing required argument 'name'"],
    ['a timeout that is none', ['services', '--timeout', 'soon'], '--timeout must be a whole number of milliseconds'],
    ['a request that is no JSON', ['call', 'greeter', 'hello', '{secret}'], 'the request is not JSON'],
    ['metadata without a value', ['call', 'greeter', 'hello', '--metadata', 'secret'], '--metadata takes key=value'],
    ['an address that is none', ['services', '--address', 'a b c'], 'etcdRegistry.endpoints'],
    [
      'a registry that is not installed',
      ['services', '--registry', 'nowhere'],
      'the registry nowhere needs the package @tenon/registry-nowhere, which is not installed: npm install @tenon/registry-nowhere',
    ],
    ['a name that is none', ['services', '--registry', '../etc'], 'is not the name of a registry'],
    ['options that are not there', ['services', '--options', 'none.json'], '--options: none.json cannot be read'],
  ])('%s is code 2', async (_what, args, said) => {
    const { code, output, errors } = await tenon(...args);
    expect([code, output, errors]).toEqual([2, '', expect.stringContaining(said)]);
    expect(errors).not.toContain('secret');
  });

  test('help is code 0', async () => {
    const { code, output } = await tenon('--help');
    expect([code, output]).toEqual([0, expect.stringContaining('call [options] <service> <endpoint> [json]')]);
  });

  test('a registry that is not there is code 3, and nothing secret is said', async () => {
    await using gone = await BackEnd.absent('etcd');
    await writeFile(join(folder, 'options.json'), JSON.stringify({ username: 'reader', password: 'pa55word' }));
    const args = ['services', '--address', `http://${gone.address}`, '--options', 'options.json', '--verbose'];
    const { code, output, errors } = await tenon(...args);
    expect([code, output, errors]).toEqual([3, '', expect.stringContaining('the registry etcd cannot be asked')]);
    expect(errors).not.toMatch(/pa55word|reader/);
    await writeFile(join(folder, 'broken.json'), '{"password": pa55word}');
    const broken = await tenon('services', '--options', 'broken.json');
    expect(broken).toMatchObject({ code: 2, errors: 'tenon: --options: broken.json does not hold a JSON object\n' });
  });
});

test("any registry is found by its package's name, in the folder where the command is run", async () => {
  const place = join(folder, 'node_modules', '@acme', 'registry-dns-srv');
  await mkdir(place, { recursive: true });
  await writeFile(
    join(place, 'package.json'),
    JSON.stringify({
      name: '@acme/registry-dns-srv',
      type: 'module',
      exports: { '.': './index.js', './package.json': './package.json' },
      tenon: { addressOption: 'zones' },
    }),
  );
  // Its tokens are its own, as those of a package with another copy of the contract are.
  await writeFile(
    join(place, 'index.js'),
    `class Registry {} class Clock {}
     const node = (address) => ({ id: 'n1', address, metadata: {} });
     export const dnsSrvRegistry = ({ zones }) => ({
       [Symbol.for('tenon.Provider')]: true, token: Registry, dependencies: [Clock],
       create: (clock) => ({
         capabilities: { expires: true, consistency: {} },
         list: async () => [typeof clock.now()],
         lookup: async () => [{ name: 'x', version: '1', metadata: {}, endpoints: [], nodes: zones.map(node) }],
         watch: async function* () {}, register: async () => {}, close: async () => {},
       }),
     });`,
  );
  const variables = { TENON_REGISTRY: '@acme/registry-dns-srv', TENON_DNS_SRV: 'a.example, b.example' };
  const { output, errors, code } = await ended(begin(['nodes', 'x', '--json'], variables));
  expect([code, errors]).toEqual([0, '']);
  expect(JSON.parse(output).map(({ address }: { address: string }) => address)).toEqual(['a.example', 'b.example']);
  expect(await ended(begin(['services'], variables))).toEqual(ok('SERVICE  VERSIONS  NODES\nnumber   1         2\n'));
});

const examples = readPage('docs/cli.md').blocks.filter(({ code }) => code.startsWith('$ tenon '));

test.each(examples.map((block) => [block.place, block.code] as const))('%s is what comes', async (_place, code) => {
  for (const example of code.split(/^\$ tenon /m).slice(1)) {
    const [line = '', ...printed] = example.split('\n');
    const args = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    const { output, errors } = await tenon(...args);
    expect(withoutChance(output + errors)).toBe(withoutChance(printed.join('\n')));
  }
});

/** Ids and ports are others each time, and so is the room that they take. */
function withoutChance(text: string): string {
  return text
    .replace(/-[0-9a-f]{12}\b/g, '-ID')
    .replace(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replace(/(\S) {2,}/g, '$1  ');
}
