import assert from 'node:assert/strict';

/** What this process has allocated. */
export function memoryBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Up to 63 bytes of anything. */
export function randomBytes(random: () => number): Buffer {
  const bytes = Buffer.alloc(Math.floor(random() * 64));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Math.floor(random() * 256);
  return bytes;
}

/** A copy with a few bytes changed. */
export function damaged(good: Buffer, random: () => number): Buffer {
  const bytes = Buffer.from(good);
  const wounds = 1 + Math.floor(random() * 4);
  for (let wound = 0; wound < wounds; wound += 1) {
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
  }
  return bytes;
}

/** A copy with the first occurrence of a key replaced by another of its length. */
export function replaced(bytes: Buffer, from: string, to: string): Buffer {
  assert.ok(bytes.includes(from), 'this suite needs a format that writes keys as UTF-8 text');
  const copy = Buffer.from(bytes);
  copy.write(to, copy.indexOf(from), 'latin1');
  return copy;
}

/** Every container at every depth is plain: nothing in the input became a prototype, here or for everybody. */
export function assertClean(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Date) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  const usual = Array.isArray(value) ? Array.prototype : Object.prototype;
  if (prototype !== usual && prototype !== null) assert.fail('the input reached a prototype');
  if ('polluted' in value && !Object.hasOwn(value, 'polluted')) assert.fail('the input reached a prototype');
  for (const key of Object.keys(value)) {
    assertClean(Object.getOwnPropertyDescriptor(value, key)?.value);
  }
}
