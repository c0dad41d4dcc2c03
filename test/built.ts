import { spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const lock = join(root, 'node_modules', '.tenon-build.lock');

/** Compiles every package and example, for tests that run what ships. Two test files that do so at once take turns. */
export async function built(): Promise<void> {
  await locked();
  try {
    const child = spawn(process.execPath, ['node_modules/typescript/bin/tsc', '-b'], { cwd: root });
    let said = '';
    for (const output of [child.stdout, child.stderr]) output.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`tsc -b says ${said}`);
  } finally {
    await rm(lock, { force: true });
  }
}

/** The lock is a file with the number of the process that holds it; one whose process is gone holds nothing. */
async function locked(): Promise<void> {
  for (;;) {
    try {
      const file = await open(lock, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return;
    } catch {
      const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
      if (holder > 0 && !isAlive(holder)) await rm(lock, { force: true });
      await delay(100);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
