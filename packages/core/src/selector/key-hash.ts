/**
 * The hash of a text as a whole number from 0 to 2³² − 1, the same in every process: MurmurHash3 x86 32 (Austin Appleby, 2011,
 * public domain) with each UTF-16 unit as one block. Not for what an attacker may choose to collide.
 */
export function hashOf(text: string, seed = 0): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) {
    const unit = Math.imul(text.charCodeAt(index), 0xcc9e2d51);
    hash ^= Math.imul((unit << 15) | (unit >>> 17), 0x1b873593);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  return mixed(hash ^ text.length);
}

/** Spreads a whole number over all 32 bits, each value to another one: the finalizer of MurmurHash3. */
export function mixed(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The hash of a call's key; of a call without one, that of a random key. */
export function hashOfKey(key: string | undefined, seed = 0): number {
  return key === undefined ? Math.floor(Math.random() * hashes) : hashOf(key, seed);
}

/** How many hashes there are. */
export const hashes = 2 ** 32;
