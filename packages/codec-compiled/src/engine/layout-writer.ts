import type { Encoder, Sink } from '@tenon/contract';
import { GeneratedCode, mayGenerate } from '@tenon/contract/authoring';
import type { Layout, RecordLayout } from '@tenon/schema';
import { Doubles } from './doubles.js';
import { generateWriters } from './generate-writer.js';
import { inheritsNothing } from './plain-object.js';
import { withoutField } from './record-bits.js';
import { recordWriter } from './write-record.js';
import type { WriterParts } from './writer-parts.js';
import { unfit, type WriteValue, Writing } from './writing.js';

/**
 * Writes a value at `sink.position`. False where it does not fit the layout, with the position as before and nothing thrown:
 * the caller then writes it plain. Passes on what `sink.ensure`, a getter or the plain encoder throws, with the position
 * as before. A getter may write another value with the same writer.
 */
export type LayoutWriter = (value: unknown, sink: Sink, plain: Encoder) => boolean;

/**
 * The writer of a layout.
 *
 * @param options.generateCode - for layouts of this process's own classes, never for one from a wire. A process that
 *   forbids it gets the same writer made of closures.
 */
export function compileWriter(layout: Layout, options: { readonly generateCode: boolean }): LayoutWriter {
  const write = recordWriters(layout.records, options.generateCode && mayGenerate())[0] as WriteValue;
  return (value, sink, plain) => {
    const start = sink.position;
    let end = unfit;
    try {
      if (inheritsNothing()) end = write(value, new Writing(sink, plain), start, 0);
    } finally {
      sink.position = end === unfit ? start : end;
    }
    return end !== unfit;
  };
}

function recordWriters(layouts: readonly RecordLayout[], generate: boolean): readonly WriteValue[] {
  const records: WriteValue[] = [];
  const without = new Map<string, WriteValue>();
  const parts: WriterParts = { doubles: new Doubles(), records, recordWithout };
  records.push(
    ...(generate
      ? generateWriters(layouts, parts, new GeneratedCode())
      : layouts.map((layout) => recordWriter(layout, parts))),
  );
  return records;

  /** Made when a value comes: records may nest one another by way of unions. */
  function recordWithout(record: number, property: string): WriteValue {
    const id = `${record} ${property}`;
    return (value, writing, position, depth) => {
      let write = without.get(id);
      if (write === undefined) {
        write = recordWriter(withoutField(layouts[record] as RecordLayout, property), parts, property);
        without.set(id, write);
      }
      return write(value, writing, position, depth);
    };
  }
}
