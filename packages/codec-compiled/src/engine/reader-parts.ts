import type { Doubles } from './doubles.js';
import type { ReadValue } from './reading.js';

/** What the readers of a layout's types share. */
export interface ReaderParts {
  readonly doubles: Doubles;
  /** The reader of each record. Filled while they are made: asked for when a value is read, and not before. */
  readonly records: readonly ReadValue[];
  /** Makes a reader of a record in which a property is a text that was told already. */
  readonly recordTold: (record: number, property: string, text: string) => ReadValue;
}
