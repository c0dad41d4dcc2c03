import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { CannotHave } from './fleet.js';

/** The connections to a port that a process holds and that are established, as far as the system knows (Linux): their inodes. */
export function openSocketsTo(port: number, pid: number | undefined): readonly string[] {
  if (pid === undefined || process.platform !== 'linux') throw new CannotHave('connections are counted in /proc alone');
  const own = inodesOf(pid);
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, , remote = '', state]) => state === established && Number.parseInt(remote.split(':')[1] ?? '', 16) === port,
    )
    .map((fields) => fields[9] ?? '')
    .filter((inode) => own.has(inode));
}

function inodesOf(pid: number): ReadonlySet<string> {
  const folder = `/proc/${pid}/fd`;
  const inodes = readdirSync(folder).map((name) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${name}`))?.[1] ?? '';
    } catch {
      // Closed while we looked.
      return '';
    }
  });
  return new Set(inodes);
}

/** Of `/proc/net/tcp`. */
const established = '01';
