import { spawnSync } from 'node:child_process';

/**
 * The command that lets a process go before all others of the machine, where there is one and the system lets us (Linux, root):
 * `chrt`, since a nice value counts only among the processes of one session. A generator that waits for a processor measures the
 * neighbours instead of the fleet.
 */
export function goesFirst(): readonly string[] {
  return succeeds([...first, 'true']) ? ['chrt', ...first] : [];
}

/** The same for this process, until the returned function is called. Its children do not inherit it. */
export function goFirst(): () => void {
  const pid = String(process.pid);
  succeeds(['--reset-on-fork', ...first.slice(0, 1), '--pid', ...first.slice(1), pid]);
  return () => void succeeds(['--other', '--pid', '0', pid]);
}

/**
 * The command that lets a process start behind all others, where the system lets us lift it again: a node of a fleet starts on a machine
 * of its own, and takes no time of those that serve. `takesItsPlace` lifts it.
 */
export function startsBehind(): readonly string[] {
  return succeeds([...first, 'true']) ? ['chrt', ...behind] : [];
}

/** A process that was started behind all others runs as any other from now on. */
export function takesItsPlace(pid: number | undefined): void {
  if (pid !== undefined) succeeds(['--all-tasks', '--other', '--pid', '0', String(pid)]);
}

const first = ['--rr', '1'] as const;
const behind = ['--idle', '0'] as const;

function succeeds(parameters: readonly string[]): boolean {
  return spawnSync('chrt', parameters, { stdio: 'ignore' }).status === 0;
}
