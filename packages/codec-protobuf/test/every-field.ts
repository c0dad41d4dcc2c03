import { protobufCodec } from '@tenon/codec-protobuf';
import type { Codec } from '@tenon/contract';
import { OpenCodec } from '@tenon/contract/authoring';
import { Sample } from './sample-class.js';

const nothing = Object.freeze({ text: '', flag: false, whole: 0, real: 0, texts: [], reals: [], list: [] });

/** A sample with something in every field that JSON has too. */
export const everyField = Object.freeze({
  text: 'Zoë',
  flag: true,
  whole: -5,
  real: 0.5,
  texts: ['a', ''],
  reals: [1, 2.5],
  list: [{ ...nothing, whole: 7 }],
  choice: 'dark green',
  inner: nothing,
  entries: { one: { ...nothing, text: '1' } },
});

/** The bytes of a sample, and what comes back. */
export function roundTrip(sample: unknown): { readonly hex: string; readonly value: unknown } {
  const codec = (protobufCodec().create as () => Codec)();
  const open = new OpenCodec(codec.contentType, codec.open());
  const bytes = open.encode(sample, Sample);
  return { hex: bytes.toString('hex'), value: open.decode(bytes, Sample) };
}
