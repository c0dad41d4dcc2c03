/**
 * The place of a stream's entry as one number, counting up: 1,024 to the millisecond, which the publishing script holds to. Undefined for
 * an entry that somebody else has put further on.
 */
export function sequenceOf(entryId: string): number | undefined {
  const [timeMs, index] = partsOf(entryId);
  if (timeMs === undefined || index === undefined || index >= perMs) return undefined;
  const sequence = timeMs * perMs + index;
  return Number.isSafeInteger(sequence) ? sequence : undefined;
}

/** The entry before the one that has a sequence, from which on a group is to read. */
export function beforeSequence(sequence: number): string {
  const timeMs = Math.floor(sequence / perMs);
  const index = sequence % perMs;
  return index > 0 ? `${timeMs}-${index - 1}` : beforeTime(timeMs);
}

/** The last entry that could be before a time. */
export function beforeTime(timeMs: number): string {
  return timeMs <= 0 ? '0' : `${timeMs - 1}-18446744073709551615`;
}

/** Which of two entries is before the other, as a comparison for sorting. */
export function compareEntryIds(left: string, right: string): number {
  const [leftMs, leftIndex] = bigParts(left);
  const [rightMs, rightIndex] = bigParts(right);
  if (leftMs !== rightMs) return leftMs < rightMs ? -1 : 1;
  return leftIndex === rightIndex ? 0 : leftIndex < rightIndex ? -1 : 1;
}

/** What an entry's id looks like. */
export const entryIdForm = /^\d{1,20}-\d{1,20}$/;

/** How many entries a millisecond has at most; the publishing script goes on in the next one. */
export const perMs = 1_024;

function partsOf(entryId: string): readonly (number | undefined)[] {
  return entryIdForm.test(entryId) ? entryId.split('-').map(Number) : [];
}

function bigParts(entryId: string): readonly [bigint, bigint] {
  const [timeMs = '0', index = '0'] = entryId.split('-');
  return [BigInt(timeMs), BigInt(index)];
}
