import type { Codec, Schema } from '@tenon/contract';
import type { Fixture } from '../suite.js';
import type { Sample } from './sample.js';

/** A codec that carries nothing without a schema, as its default options make it, and what the suite cannot know of it. */
export interface TypedCodecFixture extends Fixture {
  readonly codec: Codec;
  /** The schema of {@link Sample}: a class that nests itself. */
  readonly schema: Schema<Sample>;
  /** Half of a surrogate pair in a text: comes back as it was, comes back as U+FFFD, or is refused by the encoder. */
  readonly loneSurrogates: 'kept' | 'replaced' | 'refused';
  /**
   * Well-formed bytes of samples inside each other, written by hand, so many levels deep: one for each way in which the format
   * nests, those included that the schema does not know. Must itself work for 100,000 levels.
   */
  readonly nested: (levels: number) => readonly Uint8Array[];
  /** Short inputs that claim long content. Empty for a format that claims no lengths. */
  readonly overclaiming: readonly Uint8Array[];
  /** The bytes of a sample, and in them a field that the schema does not know, with that text. */
  readonly withUnknownField: (bytes: Uint8Array, text: string) => Uint8Array;
}
