import type { Doubles } from './doubles.js';
import type { WriteValue } from './writing.js';

/** What the writers of a layout's types share. */
export interface WriterParts {
  readonly doubles: Doubles;
  /** The writer of each record. Filled while they are made: asked for when a value is written, and not before. */
  readonly records: readonly WriteValue[];
  /** Makes a writer of a record without one of its properties, which the value may have all the same. */
  readonly recordWithout: (record: number, property: string) => WriteValue;
}
