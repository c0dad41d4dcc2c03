import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { pauseProcess } from './pause-process.js';

/** Threads that append to a file without end. */
const script = `
  const { Worker } = require('node:worker_threads');
  const write = 'const fs = require("node:fs"); const file = fs.openSync(process.argv[2], "a"); for (;;) fs.writeSync(file, "x")';
  for (let count = 0; count < 3; count++) new Worker(write, { eval: true, argv: [process.argv[1]] });
  console.log('ready');
`;
let child: ChildProcess;
let folder: string | undefined;
afterEach(async () => {
  child.kill('SIGKILL');
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

it('returns when no thread of the process runs any more', async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenon-pause-'));
  const file = join(folder, 'written');
  child = spawn(process.execPath, ['-e', script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  const grown: number[] = [];
  for (let round = 0; round < 20; round++) {
    child.kill('SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, 10));
    pauseProcess(child);
    const before = written(file);
    await new Promise((resolve) => setTimeout(resolve, 10));
    grown.push(written(file) - before);
  }
  expect(written(file)).toBeGreaterThan(0);
  expect(grown).toEqual(grown.map(() => 0));
});

it('leaves a process that has ended, and none, alone', async () => {
  child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  pauseProcess(child);
  pauseProcess(undefined);
});

function written(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
