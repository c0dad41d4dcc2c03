import type { Decoder } from '@tenon/contract';
import { GeneratedCode, mayGenerate } from '@tenon/contract/authoring';
import type { Layout } from '@tenon/schema';
import { generateReaders } from './generate-reader.js';
import { prepareReaders } from './prepare-readers.js';
import { recordReader } from './read-record.js';
import { Reading, type ReadValue } from './reading.js';

/**
 * Reads the value that fills `buffer[start, end)` as plain data, which owns its bytes. Throws `ServiceError`
 * `InvalidArgument` on anything malformed, and what the plain decoder throws.
 */
export type LayoutReader = (buffer: Uint8Array, start: number, end: number, plain: Decoder) => unknown;

/**
 * The reader of a layout.
 *
 * @param options.generateCode - for layouts of this process's own classes, never for one from a wire. A process that
 *   forbids it gets the same reader made of closures.
 */
export function compileReader(layout: Layout, options: { readonly generateCode: boolean }): LayoutReader {
  const records: ReadValue[] = [];
  const parts = prepareReaders(layout.records, records);
  records.push(
    ...(options.generateCode && mayGenerate()
      ? generateReaders(layout.records, parts, new GeneratedCode())
      : layout.records.map((record) => recordReader(record, parts))),
  );
  const read = records[0] as ReadValue;
  return (buffer, start, end, plain) => {
    const reading = new Reading(buffer, start, end, plain);
    const value = read(reading, 0);
    if (reading.position !== end) throw reading.refusal('more than one value', reading.position);
    return value;
  };
}
