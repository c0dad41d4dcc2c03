import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Freezes a server under test (SIGSTOP) and returns when it stands still: its connections stay open, and nothing
 * answers until it gets SIGCONT. Sending the signal alone is not enough, as threads on another processor run on for a
 * moment and answer what comes next. Nothing is done for a process that is `undefined` or has ended.
 *
 * Where there is no `/proc` to look at, as on macOS, it returns at once.
 *
 * @throws {Error} when a thread still runs after five seconds.
 */
export function pauseProcess(child: ChildProcess | undefined): void {
  if (child?.pid === undefined || !child.kill('SIGSTOP')) return;
  for (let look = 0; running(child.pid); look++) {
    if (look === 5_000) throw new Error(`process ${child.pid} still runs 5 s after SIGSTOP`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }
}

/** Whether a thread of it is in a state other than stopped (T, t) or gone (Z, X); `proc_pid_stat(5)`. */
function running(pid: number): boolean {
  const folder = `/proc/${pid}/task`;
  return unlessGone(() => readdirSync(folder), []).some((thread) => {
    const stat = unlessGone(() => readFileSync(`${folder}/${thread}/stat`, 'latin1'), ') X');
    return !/^\) [TtZX]/.test(stat.slice(stat.lastIndexOf(')')));
  });
}

function unlessGone<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
