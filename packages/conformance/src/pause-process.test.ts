import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { pauseProcess } from './pause-process.js';

const script = `
  const { Worker } = require('node:worker_threads');
  const beat = new Int32Array(new SharedArrayBuffer(4));
  new Worker('const { workerData } = require("node:worker_threads"); for (;;) Atomics.add(workerData, 0, 1)', { eval: true, workerData: beat });
  process.stdin.on('data', () => process.stdout.write(Atomics.load(beat, 0) + '\\n'));
  process.stdout.write('ready\\n');
`;
let child: ChildProcess;
afterEach(() => child.kill('SIGKILL'));

it('returns when no thread of the process runs any more', async () => {
  child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  for (let round = 0; round < 20; round++) {
    const answered = once(child.stdout!, 'data');
    pauseProcess(child);
    child.stdin!.write('beat');
    let isAnswered = false;
    const noted = answered.then(() => {
      isAnswered = true;
    });
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(isAnswered).toBe(false);
    child.kill('SIGCONT');
    await noted;
  }
});

it('leaves a process that has ended, and none, alone', async () => {
  child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  pauseProcess(child);
  pauseProcess(undefined);
});
