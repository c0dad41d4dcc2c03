import type { DnsRecord } from './dns-record.js';

/** What of a packet holds records. */
export interface Section {
  readonly answers: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/** Puts sections together into as few packets as stay within an Ethernet frame; one that is larger by itself goes alone. */
export function packed(sections: readonly Section[]): readonly Section[] {
  const packets: Section[] = [];
  let open: { answers: DnsRecord[]; additionals: DnsRecord[] } | undefined;
  let left = 0;
  for (const { answers, additionals } of sections) {
    const bytes = [...answers, ...additionals].reduce((sum, record) => sum + sizeOf(record), 0);
    if (open === undefined || bytes > left) {
      open = { answers: [], additionals: [] };
      packets.push(open);
      left = frameBytes;
    }
    open.answers.push(...answers);
    open.additionals.push(...additionals);
    left -= bytes;
  }
  return packets;
}

/** The bytes of a record in a packet: names are not abbreviated. */
export function sizeOf({ name, type, data }: DnsRecord): number {
  const head = Buffer.byteLength(name) + 12;
  if (type === 'SRV') return head + 8 + Buffer.byteLength(data.target);
  if (type === 'TXT') return head + data.reduce((sum, string) => sum + string.length + 1, 0);
  return head + Buffer.byteLength(data) + 2;
}

const frameBytes = 1_400;
