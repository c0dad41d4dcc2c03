import type { Codec } from '@tenon/contract';
import type { Fixture } from '../suite.js';

/**
 * A codec under test, as its default options make it, and what the suite cannot know of its format.
 *
 * The suite looks for keys as plain UTF-8 text in the bytes, to put hostile ones in their place.
 */
export interface CodecFixture extends Fixture {
  readonly codec: Codec;
  /** Half of a surrogate pair in a string: comes back as it was, comes back as U+FFFD, or is refused by the encoder. */
  readonly loneSurrogates: 'kept' | 'replaced' | 'refused';
  /** Where `capabilities.bytes` is off: the text that some bytes come back as. */
  readonly textOfBytes?: ((bytes: Uint8Array) => string) | undefined;
  /**
   * Well-formed bytes, written by hand, of containers inside each other, so many levels deep: one for each kind of
   * container that the format has. Must itself work for a million levels.
   */
  readonly nested: (levels: number) => readonly Uint8Array[];
  /**
   * Short inputs that claim long content: arrays, maps, strings and bytes whose length says more than follows. Empty for
   * a format that claims no lengths.
   */
  readonly overclaiming: readonly Uint8Array[];
}
