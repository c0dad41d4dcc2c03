import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceError } from '@tenon/contract';

/** The folder of a spool, held by one process at a time. */
export interface SpoolFolder {
  /** Where the store is. */
  readonly file: string;
  release(): Promise<void>;
}

/**
 * Takes a folder, also from a process that died without giving it back: its store is then unlocked, which its library does not do by
 * itself.
 *
 * @throws ServiceError `FailedPrecondition` where another process that lives has it, `Unavailable` where it cannot be written.
 */
export async function takeFolder(path: string): Promise<SpoolFolder> {
  const file = join(path, 'spool.db');
  const ownerFile = join(path, 'owner');
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const owner = await readFile(ownerFile, 'utf8').catch(() => '');
    if (owner !== '' && (await isAlive(owner))) throw inUse(path, owner);
    await rm(`${file}.lock`, { recursive: true, force: true });
    await writeFile(ownerFile, await identityOf(process.pid), { mode: 0o600 });
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError('Unavailable', `httpBroker.spool ${path} cannot be used: ${(error as Error).message}`, {
      executed: 'no',
      cause: error,
    });
  }
  return { file, release: () => rm(ownerFile, { force: true }) };
}

async function isAlive(owner: string): Promise<boolean> {
  const pid = Number(owner.split(' ')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  // A number is given again, in a container even at once: the time at which the process began tells two apart.
  return (await identityOf(pid)) === owner;
}

/** The number of a process, and where the system tells it, the time at which it began. */
async function identityOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[beganField];
  return began === undefined ? String(pid) : `${pid} ${began}`;
}

function inUse(path: string, owner: string): ServiceError {
  const text = `httpBroker.spool ${path} is used by process ${owner.split(' ')[0]}; each broker needs a folder of its own`;
  return new ServiceError('FailedPrecondition', text, { executed: 'no' });
}

/** Field 22 of `/proc/PID/stat` (proc(5)), counted from behind the name. */
const beganField = 19;
