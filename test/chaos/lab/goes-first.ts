import { execFile, spawnSync } from 'node:child_process';

/**
 * The command that lets a process go before all others of the machine, where there is one and the system lets us (Linux, root):
 * `chrt`, since a nice value counts only among the processes of one session. A generator that waits for a processor measures the
 * neighbours instead of the fleet.
 *
 * Its first thread only, which runs JavaScript: V8's helpers collect garbage on every processor at once, and before all others they would
 * stop the whole fleet for as long. A process that leaves no time to others, its own helpers among them, goes first whole.
 */
export function goesFirst(threads: 'the first' | 'all' = 'the first'): readonly string[] {
  if (!mayPlace()) return [];
  return threads === 'all' ? ['chrt', ...first] : ['chrt', '--reset-on-fork', ...first];
}

/** The same for this process, until the function that was returned last is called. Its children do not inherit it. */
export function goFirst(): () => void {
  const pid = String(process.pid);
  goingFirst += 1;
  if (goingFirst === 1 && mayPlace())
    spawnSync('chrt', ['--reset-on-fork', ...first.slice(0, 1), '--pid', ...first.slice(1), pid], quiet);
  return () => {
    goingFirst -= 1;
    if (goingFirst === 0 && mayPlace()) spawnSync('chrt', ['--other', '--pid', '0', pid], quiet);
  };
}

/**
 * The command that lets a process start behind all others, where the system lets us lift it again: a node of a fleet starts on a machine
 * of its own, and takes no time of those that serve. `takesItsPlace` lifts it.
 */
export function startsBehind(): readonly string[] {
  return mayPlace() ? ['chrt', ...behind] : [];
}

/** A process that was started behind all others runs as any other when this resolves. */
export async function takesItsPlace(pid: number | undefined): Promise<void> {
  if (pid === undefined || !mayPlace()) return;
  // Not waited for standing still: fleets of this very process may be serving.
  await new Promise<void>((resolve) => {
    execFile('chrt', ['--all-tasks', '--other', '--pid', '0', String(pid)], () => resolve());
  });
}

/** Asked once: whoever asks stands still meanwhile. */
function mayPlace(): boolean {
  isAllowed ??= spawnSync('chrt', [...first, 'true'], quiet).status === 0;
  return isAllowed;
}

const first = ['--rr', '1'] as const;
const behind = ['--idle', '0'] as const;
const quiet = { stdio: 'ignore' } as const;
let isAllowed: boolean | undefined;
let goingFirst = 0;
