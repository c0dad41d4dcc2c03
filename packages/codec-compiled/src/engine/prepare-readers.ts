import type { RecordLayout } from '@tenon/schema';
import { Doubles } from './doubles.js';
import { recordReader } from './read-record.js';
import type { ReaderParts } from './reader-parts.js';
import type { ReadValue } from './reading.js';
import { withoutField } from './record-bits.js';

/** What the readers of a layout's types share. `records` is filled afterwards. */
export function prepareReaders(layouts: readonly RecordLayout[], records: readonly ReadValue[]): ReaderParts {
  const told = new Map<string, ReadValue>();
  const parts: ReaderParts = {
    doubles: new Doubles(),
    records,
    // Made when a value comes: records may nest one another by way of unions.
    recordTold(record, property, text) {
      const id = JSON.stringify([record, property, text]);
      return (reading, depth) => {
        let read = told.get(id);
        if (read === undefined) {
          const layout = withoutField(layouts[record] as RecordLayout, property);
          read = recordReader(layout, parts, { property, text });
          told.set(id, read);
        }
        return read(reading, depth);
      };
    },
  };
  return parts;
}
