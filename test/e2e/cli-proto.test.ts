import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IsInt, IsString } from 'class-validator';
import { type App, createApp, Endpoint, etcdRegistry, Service } from 'tenon';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { built } from '../built.js';
import { BackEnd } from './back-end.js';
import { ended, type Run } from './ended-run.js';

// `tenon proto` as it ships, of a service in a real etcd.

class HelloRequest {
  @IsString() name!: string;
}
class HelloReply {
  @IsString() greeting!: string;
}
class Tick {
  @IsInt() number!: number;
}

@Service('greeter', { version: '1.2.0' })
class Greeter {
  @Endpoint({ response: HelloReply })
  async hello({ name }: HelloRequest): Promise<HelloReply> {
    return { greeting: `Hello ${name}` };
  }

  @Endpoint({ stream: 'server', response: Tick })
  async *count({ number }: Tick): AsyncIterable<Tick> {
    yield { number };
  }
}

let etcd: BackEnd;
let app: App;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenon-cli-proto-'));
  [etcd] = await Promise.all([BackEnd.started('etcd'), built()]);
  app = await createApp({
    services: [Greeter],
    modules: [etcdRegistry({ endpoints: [etcd.address] })],
    profile: 'test',
    log: { level: 'silent' },
  });
  await app.start();
}, 300_000);

afterAll(async () => {
  await app?.close();
  await etcd?.dispose();
  await rm(folder, { recursive: true, force: true });
});

function tenon(...args: readonly string[]): Promise<Run> {
  const bin = fileURLToPath(new URL('../../packages/cli/bin/tenon.js', import.meta.url));
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:TENON_|VITEST|NODE_)/.test(name));
  const env = { ...Object.fromEntries(kept), TENON_ETCD: etcd.address };
  return ended(spawn(process.execPath, [bin, ...args], { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] }));
}

describe('the .proto of a service', () => {
  const lockFile = () => join(folder, 'greeter.proto.lock.json');

  test('is printed, and as JSON with its lock', async () => {
    const { code, output, errors } = await tenon('proto', 'greeter');
    expect([code, errors]).toEqual([0, '']);
    expect(output).toContain('syntax = "proto3";\n\npackage greeter;\n');
    expect(output).toContain('  rpc Count(Tick) returns (stream Tick);\n');
    expect(output).toContain('message HelloRequest {\n  string name = 1;\n}\n');
    const { path, text, lock } = JSON.parse((await tenon('proto', 'greeter', '--json')).output) as Record<
      string,
      unknown
    >;
    expect([path, `${text}`]).toEqual(['greeter.proto', output]);
    expect(lock).toMatchObject({
      service: 'greeter',
      messages: { Tick: { fields: { number: { number: 1, type: 'int64' } } } },
    });
  });

  test('takes its numbers from a lock file, which is made, kept up to date and checked', async () => {
    expect(await tenon('proto', 'greeter', '--lock', lockFile(), '--check')).toMatchObject({
      code: 1,
      output: '',
      errors: expect.stringMatching(/greeter\.proto\.lock\.json is not up to date: HelloRequest is new; /),
    });
    const made = await tenon('proto', 'greeter', '--lock', lockFile());
    expect(made).toMatchObject({ code: 0, errors: expect.stringContaining(': HelloRequest is new\n') });
    const text = await readFile(lockFile(), 'utf8');
    expect(text).toContain('        "name": { "number": 1, "type": "string" }\n');
    expect(await tenon('proto', 'greeter', '--lock', lockFile(), '--check')).toMatchObject({ code: 0, errors: '' });

    const older = text.replace(
      '"name": { "number": 1',
      '"first": { "number": 1, "type": "string" }, "name": { "number": 7',
    );
    await writeFile(lockFile(), older);
    const followed = await tenon('proto', 'greeter', '--lock', lockFile());
    expect(followed.errors).toMatch(/: HelloRequest\.first is gone, and its number 1 reserved\n$/);
    expect(followed.output).toContain(
      'message HelloRequest {\n  reserved 1;\n  reserved "first";\n\n  string name = 7;\n}',
    );
    expect(await readFile(lockFile(), 'utf8')).toContain('"reserved": {\n        "first": 1\n      }');
  });

  test('is refused where a number would mean something else, with code 1 and nothing written', async () => {
    const text = (type: string) =>
      `{"version":1,"service":"greeter","messages":{"Tick":{"fields":{"number":{"number":1,"type":"${type}"}}}}}`;
    await writeFile(lockFile(), text('string'));
    expect(await tenon('proto', 'greeter', '--lock', lockFile())).toMatchObject({
      code: 1,
      output: '',
      errors: expect.stringContaining('Tick.number was string and is int64 now'),
    });
    expect(await readFile(lockFile(), 'utf8')).toBe(text('string'));

    const against = join(folder, 'older.json');
    await writeFile(lockFile(), text('int64'));
    await writeFile(against, text('int64').replace('"number":1', '"number":2'));
    expect(await tenon('proto', 'greeter', '--lock', lockFile(), '--against', against)).toMatchObject({
      code: 1,
      errors: expect.stringContaining('Tick.number was 2 and is 1 in the lock now'),
    });
    expect(await readFile(lockFile(), 'utf8')).toBe(text('int64'));
  });

  test('wants a version that runs, a lock that is one, and a lock where it is about one', async () => {
    await writeFile(lockFile(), '{');
    const results = [
      [4, 'no node of greeter has the version 9.0.0; there are 1.2.0', '--of', '9.0.0'],
      [1, 'is refused: it is not JSON', '--lock', lockFile()],
      [2, '--check and --against are about a lock file', '--check'],
      [2, 'cannot be read: EISDIR', '--lock', folder],
      [2, 'cannot be written: ENOENT', '--lock', join(folder, 'nowhere', 'lock.json')],
    ] as const;
    for (const [code, message, ...args] of results) {
      expect(await tenon('proto', 'greeter', ...args)).toMatchObject({
        code,
        output: '',
        errors: expect.stringContaining(message),
      });
    }
  });
});
