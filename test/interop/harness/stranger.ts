import type { Meeting } from './meeting.js';

/** Who begins: the stranger calls a Tenon service, a Tenon client calls the stranger, both, or bytes that strangers wrote are read. */
export type Direction = 'calls us' | 'is called' | 'both ways' | 'vectors';

/**
 * A program or library that Tenon has not written and must get along with. A stranger is a file `NAME.ts` in
 * `test/interop/strangers`, or a folder `NAME` there with a `stranger.ts`, that exports one value of this type; nothing else needs
 * to know it. Whatever it needs beside, such as a package.json with its lock or a go.mod with its go.sum, stands in its folder.
 */
export interface Stranger {
  readonly direction: Direction;
  /**
   * Brings the stranger and Tenon together, and puts what was found into the meeting as named cases. Ends everything that it started.
   * Rejecting with `Missing` is a skip with a reason; rejecting with anything else is a failed case.
   */
  meet(meeting: Meeting): Promise<void>;
}

/** A stranger as it was found. */
export interface FoundStranger extends Stranger {
  /** Of its file or folder: what `--only` and the bar call it. */
  readonly name: string;
  /** Its own folder; where it is a single file, the one that all strangers are in. */
  readonly folder: string;
}
