import { type Codec, type Schema, ServiceError } from '@tenon/contract';
import { CodecSet } from '@tenon/contract/authoring';

/**
 * How values pass between caller and handler within one process. `codec`: encoded and decoded, exactly as over a wire.
 * `copy`: by structured clone. `reference`: as they are, so that both hold the same object; a request with a class is
 * still built anew by its validation.
 */
export type LocalValues = 'codec' | 'copy' | 'reference';

/** Carries one value across. */
export type Passage = (value: unknown, schema: Schema | undefined, contentType: string | undefined) => unknown;

/**
 * A passage throws `InvalidArgument`, `executed: 'no'`, for a value that it cannot carry.
 *
 * @param codecs - in order of binding; calls that name no content type use the first that links, as tenon/1 does, else
 * the first.
 */
export function passageOf(values: LocalValues, codecs: readonly Codec[]): Passage {
  if (values === 'reference') return (value) => value;
  if (values === 'copy') return copied;
  const set = new CodecSet(codecs);
  const usual = (codecs.find((codec) => codec.links === true) ?? codecs[0])?.contentType ?? '';
  return (value, schema, contentType = usual) => set.of(contentType).copy(value, schema);
}

function copied(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch (cause) {
    throw new ServiceError('InvalidArgument', 'the value cannot be copied', { executed: 'no', cause });
  }
}
