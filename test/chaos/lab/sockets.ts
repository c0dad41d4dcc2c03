import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A socket of a process on which others can reach it. */
export interface OpenSocket {
  readonly protocol: 'tcp' | 'udp';
  /** As Linux writes it: `0100007F:1F90`. */
  readonly local: string;
  readonly isLoopback: boolean;
  readonly port: number;
}

/** What a process listens on, over TCP, and has bound, over UDP: from /proc, which knows also what its libraries opened. */
export function openSocketsOf(pid: number): readonly OpenSocket[] {
  const own = new Set(readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => inodeOf(`/proc/${pid}/fd/${descriptor}`)));
  return (['tcp', 'tcp6', 'udp', 'udp6'] as const).flatMap((table) => {
    const lines = readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1);
    return lines.flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const isOpen = table.startsWith('udp') || state === listening;
      if (!isOpen || !own.has(inode)) return [];
      const [host = '', port = ''] = local.split(':');
      const protocol = table.startsWith('tcp') ? ('tcp' as const) : ('udp' as const);
      return [{ protocol, local, isLoopback: loopback.test(host), port: Number.parseInt(port, 16) }];
    });
  });
}

function inodeOf(path: string): readonly string[] {
  try {
    const found = /^socket:\[(\d+)\]$/.exec(readlinkSync(path));
    return found?.[1] === undefined ? [] : [found[1]];
  } catch {
    // Closed since the folder was read.
    return [];
  }
}

const listening = '0A';
/** 127.x.x.x with its bytes in reverse, ::1, and the first one as IPv6 writes it. */
const loopback = /^([0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F)$/;
