import { createHash } from 'node:crypto';

/** What a member tells of the entries that it has registered, in its meta: `T`, version 1, and a digest of eight bytes. */
export function writeDigest(digest: Buffer): Buffer {
  return Buffer.concat([Buffer.of(digestMark, 1), digest]);
}

/** Undefined where a member is none of Tenon's. */
export function readDigest(meta: Buffer): Buffer | undefined {
  const isDigest = meta.length === 2 + digestBytes && meta[0] === digestMark && meta[1] === 1;
  return isDigest ? meta.subarray(2) : undefined;
}

/** The digest of a set: that of each entry, combined by exclusive or, so that their order means nothing. */
export function digestOf(entries: Iterable<readonly [key: string, stamp: number]>): Buffer {
  const digest = Buffer.alloc(digestBytes);
  for (const [key, stamp] of entries) {
    const one = createHash('sha256').update(`${stamp} ${key}`).digest();
    for (let index = 0; index < digestBytes; index += 1) digest[index] = (digest[index] ?? 0) ^ (one[index] ?? 0);
  }
  return digest;
}

const digestMark = 0x54;
const digestBytes = 8;
