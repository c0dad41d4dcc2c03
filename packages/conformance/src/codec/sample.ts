import type { CodecCapabilities } from '@tenon/contract';
import { frozen } from '../frozen.js';

/**
 * What {@link typedCodecConformance} sends: an object of every kind of field that a codec with schemas has to know. The fixture
 * brings the schema of it, a class that nests itself. All fields but the first seven may be left out.
 */
export interface Sample {
  readonly text: string;
  readonly flag: boolean;
  /** A safe integer. */
  readonly whole: number;
  readonly real: number;
  readonly texts: readonly string[];
  readonly reals: readonly number[];
  readonly list: readonly Sample[];
  /** One of two texts. */
  readonly choice?: 'red' | 'dark green';
  readonly inner?: Sample;
  /** An object whose keys are data. */
  readonly entries?: Readonly<Record<string, Sample>>;
  /** The last three where the codec's capabilities have them. */
  readonly bytes?: Uint8Array;
  readonly at?: Date;
  readonly big?: bigint;
}

/** A sample of zeros and nothing, with some fields filled. Frozen. */
export function sample(filled: Partial<Sample> = {}): Sample {
  return frozen({ text: '', flag: false, whole: 0, real: 0, texts: [], reals: [], list: [], ...filled });
}

/** Samples inside each other: so many levels, by the field that is named. */
export function nestedSample(levels: number, by: 'inner' | 'list' | 'entries'): Sample {
  const empty = sample();
  let value = sample({ text: 'innermost' });
  for (let level = 1; level < levels; level += 1) {
    const within = by === 'inner' ? value : Object.freeze(by === 'list' ? [value] : { key: value });
    value = Object.freeze({ ...empty, [by]: within });
  }
  return value;
}

/** One with something in every field. */
export function fullSample(capabilities: CodecCapabilities): Sample {
  return sample({
    text: 'Zoë 🙂 "quoted"',
    flag: true,
    whole: -4_294_967_296,
    real: 12.75,
    texts: ['a', 'bc', '', 'x'.repeat(300)],
    reals: [0.1, -1e21, 0],
    list: [sample({ text: 'first' }), sample({ whole: 7, list: [sample()] })],
    choice: 'dark green',
    inner: sample({ inner: sample({ real: 1.5 }) }),
    entries: { one: sample({ text: 'one' }), '': sample(), 'ключ 🔑': sample({ flag: true }) },
    ...(capabilities.bytes ? { bytes: Uint8Array.of(0, 1, 254, 255) } : {}),
    ...(capabilities.dates ? { at: new Date('2026-03-04T05:06:07.089Z') } : {}),
    ...(capabilities.bigints ? { big: 2n ** 53n + 1n } : {}),
  });
}
