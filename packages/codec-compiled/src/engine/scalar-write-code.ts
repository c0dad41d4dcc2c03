import type { FieldLayout } from '@tenon/schema';
import { writeDoubleCode } from './double-code.js';
import type { FieldCode } from './field-code.js';

/** Whether a field takes no more bytes than a bound that is known ahead, so that room for several is asked for at once. */
export function isBounded({ type: { kind } }: FieldLayout): boolean {
  return kind === 'string' || kind === 'integer' || kind === 'number' || kind === 'date' || kind === 'enum';
}

/** How many bytes a bounded field takes at most; of a text what comes to its units. */
export function mostBytes({ type: { kind } }: FieldLayout): number {
  return kind === 'string' ? 5 : 8;
}

/** Whether checking a field gives something that writing it needs: then it is in the local `e` and the field's index. */
export function hasExtra({ type: { kind } }: FieldLayout): boolean {
  return kind === 'number' || kind === 'date' || kind === 'enum';
}

/** Writes a bounded field where there is room for the most that it may take. */
export function roomyCode({ type: { kind }, index }: FieldCode): string {
  if (kind === 'string') return `p = writeText(buffer, p, v${index});`;
  if (kind === 'integer') return signedCode(`v${index}`);
  if (kind === 'date') return signedCode(`e${index}`);
  if (kind === 'enum') return `p = writeVarint(buffer, p, e${index});`;
  return `if (e${index}) { ${signedCode(`v${index}`)} } else { ${writeDoubleCode(`v${index}`)} }`;
}

/** Writes a bounded field and asks for exactly the room that it takes. */
export function exactCode({ type: { kind }, index }: FieldCode): string {
  if (kind === 'string') return `p = writing.text(p, v${index});`;
  if (kind === 'integer') return `p = writing.signed(p, v${index});`;
  if (kind === 'date') return `p = writing.signed(p, e${index});`;
  if (kind === 'enum') return `p = writing.varint(p, e${index});`;
  return `if (e${index}) p = writing.signed(p, v${index}); else { doubles.write(writing.room(p, 8), p, v${index}); p += 8; }`;
}

/** `isWhole`, with what is common written out. */
export function wholeCode(value: string): string {
  return `((${value} | 0) === ${value} ? ${value} !== 0 || 1 / ${value} > 0 : isWhole(${value}))`;
}

/** `writeSigned`, with what is common written out. */
function signedCode(value: string): string {
  return `if (${value} < 64 && ${value} >= -64) buffer[p++] = (${value} << 1) ^ (${value} >> 31); else p = writeSigned(buffer, p, ${value});`;
}
