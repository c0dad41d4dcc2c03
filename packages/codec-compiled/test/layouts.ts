import { msgpackCodec } from '@tenon/codec-msgpack';
import { type Codec, type Decoder, type Encoder, isProvider } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import type { FieldLayout, Layout, TypeLayout } from '@tenon/schema';
import type { LayoutWriter } from '../src/engine/layout-writer.js';

/** A layout of one class whose fields are of these types. */
export function layoutOf(fields: Readonly<Record<string, TypeLayout | Partial<FieldLayout>>>): Layout {
  return { records: [recordOf(fields)] };
}

/** One class of a layout. */
export function recordOf(
  fields: Readonly<Record<string, TypeLayout | Partial<FieldLayout>>>,
): Layout['records'][number] {
  const layouts = Object.entries(fields).map(([name, field]): FieldLayout => {
    if ('kind' in field) return { name, optional: false, nullable: false, type: field };
    return { name, optional: false, nullable: false, type: { kind: 'any' }, ...field };
  });
  return { fields: layouts.sort((one, other) => (one.name < other.name ? -1 : 1)) };
}

/** The plain codec, as a session of MessagePack gives it. */
export interface Plain {
  readonly encode: Encoder;
  readonly decode: Decoder;
}

export function msgpack(): Plain {
  const provider = msgpackCodec();
  if (!isProvider(provider)) throw new Error('msgpackCodec() made no provider');
  const session = (provider.create as () => Codec)().open();
  return { encode: session.encoder(), decode: session.decoder() };
}

/** What a writer makes of a value; undefined where it does not fit. The sink must be as before then. */
export function written(
  write: LayoutWriter,
  value: unknown,
  plain: Plain,
  sink = new BufferSink(),
): Buffer | undefined {
  const start = sink.position;
  const fits = write(value, sink, plain.encode);
  if (fits) return Buffer.from(sink.buffer.subarray(start, sink.position));
  if (sink.position !== start) throw new Error(`the position moved from ${start} to ${sink.position}`);
  return undefined;
}

/** Both implementations, by their names. */
export const ways = [
  ['generated', true],
  ['closures', false],
] as const;
