import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NodeProcess, type NodeProcessOptions } from './node-process.js';

let folder: string;
let processes: NodeProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenon-node-process-'));
  processes = [];
});
afterEach(async () => {
  for (const one of processes) await one[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function started(code: string, options?: NodeProcessOptions): NodeProcess {
  const script = join(folder, `script-${processes.length}.mjs`);
  writeFileSync(script, code);
  const one = new NodeProcess(script, options);
  processes.push(one);
  return one;
}

const talkative = `
  process.on('message', (message) => process.send({ heard: message }));
  process.on('SIGTERM', () => process.exit(7));
  process.send('ready');
  console.log('a line');
`;
const isReady = (message: unknown) => message === 'ready';

test('says things over IPC and on its output, and hears what is said to it', async () => {
  const one = started(talkative);
  await one.message(isReady, 20_000);
  expect(await one.line(/a line/)).toBe('a line');
  const answer = one.message((message) => message as object, 20_000);
  one.say({ map: new Map([[1, Number.NaN]]) });
  expect(await answer).toEqual({ heard: { map: new Map([[1, Number.NaN]]) } });
});

test('ends by SIGTERM as its script wants, and by SIGKILL without being asked', async () => {
  const [asked, killed] = [started(talkative), started(talkative)];
  await Promise.all([asked, killed].map((one) => one.message(isReady, 20_000)));
  asked.terminate();
  killed.kill();
  expect(await asked.ended(20_000)).toEqual({ code: 7, signal: null });
  expect(await killed.ended(20_000)).toEqual({ code: null, signal: 'SIGKILL' });
  expect([asked.isRunning, killed.isRunning]).toEqual([false, false]);
});

test('frozen it answers nothing, and everything when it goes on', async () => {
  const one = started(talkative);
  await one.message(isReady, 20_000);
  one.pause();
  const answers: unknown[] = [];
  one.onMessage((message) => answers.push(message));
  one.say('hello');
  const other = started(talkative);
  await other.message(isReady, 20_000);
  expect(answers).toEqual([]);
  const answer = one.message((message) => message as object, 20_000);
  one.resume();
  expect(await answer).toEqual({ heard: 'hello' });
});

test('one that ends too early is told with what it wrote', async () => {
  const one = started(`console.log('so far'); throw new Error('no further');`);
  await expect(one.message(isReady, 20_000)).rejects.toThrow(/ended \(code 1.*\n.*so far[\s\S]*no further/);
  await expect(one.line(/never/)).rejects.toThrow(/a line like \/never\//);
});

test('one that cannot be started is told as well', async () => {
  const one = started('', { wrapper: [join(folder, 'no-such-command')] });
  await expect(one.line(/x/)).rejects.toThrow(/ENOENT/);
  expect(one.pid).toBeUndefined();
});

test('flags, parameters, environment and a wrapper reach it', async () => {
  const code = `process.send([process.argv[2], process.execArgv[0], process.env.LAB])`;
  const options = { parameters: ['first'], flags: ['--max-old-space-size=64'], environment: { LAB: 'yes' } };
  const one = started(code, { ...options, wrapper: ['/usr/bin/env'] });
  expect(await one.message((message) => message as unknown[], 20_000)).toEqual([
    'first',
    '--max-old-space-size=64',
    'yes',
  ]);
});

test('none is left when the process that started it exits', async () => {
  const inner = join(folder, 'inner.mjs');
  writeFileSync(inner, `setInterval(() => {}, 1_000); process.send('ready');`);
  const source = new URL('./node-process.ts', import.meta.url).pathname;
  const code = `
    import { NodeProcess } from ${JSON.stringify(source)};
    const inner = new NodeProcess(${JSON.stringify(inner)});
    await inner.message((message) => message === 'ready', 20_000);
    process.send(inner.pid, () => process.exit(0));
  `;
  const outer = started(code, { flags: ['--import', import.meta.resolve('@oxc-node/core/register')] });
  const pid = await outer.message((message) => message as number, 20_000);
  await outer.ended(20_000);
  await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
