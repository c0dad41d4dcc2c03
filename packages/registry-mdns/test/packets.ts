import { inflateSync } from 'node:zlib';
import { decode, encode } from 'dns-packet';

/** A packet as anybody sees it. */
export interface SeenPacket {
  readonly type?: string;
  readonly questions?: readonly { readonly name: string; readonly type: string }[];
  readonly answers?: readonly SeenRecord[];
  readonly additionals?: readonly SeenRecord[];
}

export interface SeenRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly data: unknown;
}

export function packetOf(bytes: Buffer): SeenPacket {
  return decode(bytes) as unknown as SeenPacket;
}

export function bytesOf(packet: object): Buffer {
  return encode(packet as Parameters<typeof encode>[0]);
}

/** What the TXT record among the answers says, read as go-micro reads it. */
export function textOf({ answers = [] }: SeenPacket): unknown {
  const strings = answers.find(({ type }) => type === 'TXT')?.data as readonly Buffer[];
  return JSON.parse(inflateSync(Buffer.from(Buffer.concat(strings).toString(), 'hex')).toString());
}
