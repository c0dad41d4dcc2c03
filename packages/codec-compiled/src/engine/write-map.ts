import { maxDepth } from './limits.js';
import { RecordObjects } from './record-objects.js';
import { unfit, type WriteValue, type Writing } from './writing.js';

/** The writer of objects whose keys are data. Entries that are undefined count as not there. */
export function mapWriter(writeEntry: WriteValue): WriteValue {
  const objects = new RecordObjects();
  return (value, writing, position, depth) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || depth >= maxDepth) return unfit;
    const prototype: object | null = Object.getPrototypeOf(value);
    const plain = prototype === Object.prototype || prototype === null;
    if (!plain && !objects.isRecord(value, prototype)) return unfit;
    writing.sink.position = position;
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    writing.left -= entries.length;
    if (writing.left < 0) return unfit;
    return writeEntries(entries, writeEntry, writing, position, depth + 1);
  };
}

function writeEntries(
  entries: readonly (readonly [string, unknown])[],
  writeEntry: WriteValue,
  writing: Writing,
  position: number,
  depth: number,
): number {
  let at = writing.varint(position, entries.length);
  for (const [key, entry] of entries) {
    if (key === '__proto__') return unfit;
    at = writeEntry(entry, writing, writing.text(at, key), depth);
    if (at < 0) return unfit;
  }
  return at;
}
