import type { Sample, TypedCodecFixture } from '@tenon/conformance';
import { type Codec, type Decoder, type Encoder, ServiceError, type StandardSchema } from '@tenon/contract';
import { goodJson } from './codec-fixture.js';

/** The two halves of a codec of samples: JSON of what fits, and texts for what JSON lacks. */
export interface SampleCodec {
  readonly encode: Encoder;
  readonly decode: Decoder;
}

/** How deep samples may nest when they are written, and when they are read. */
export function sampleCodec(writeDepth = 64, readDepth = 64): SampleCodec {
  const json = goodJson(512);
  return {
    encode: (value, sink) => json.encode(written(value, 'the sample', writeDepth), sink),
    decode: (buffer, start, end) => read(json.decode(buffer, start, end), 'the sample', readDepth),
  };
}

/** What a broken codec does otherwise. */
export interface BrokenSampleCodec extends Partial<SampleCodec> {
  /** Made anew for each session, instead of `encode` and `decode`. */
  readonly session?: () => SampleCodec;
  readonly withoutSchema?: SampleCodec;
  readonly contentType?: string;
}

/** A codec of samples, broken or not. */
export function typedFixtures(
  breakIt: (good: SampleCodec) => BrokenSampleCodec = () => ({}),
  fields: Partial<TypedCodecFixture> = {},
) {
  return {
    create(): TypedCodecFixture {
      const good = sampleCodec();
      const broken = breakIt(good);
      const codec: Codec = {
        contentType: broken.contentType ?? 'application/x-sample',
        aliases: [],
        capabilities: { bytes: true, dates: true, bigints: true, nonFinite: true },
        open() {
          const { encode = good.encode, decode = good.decode } = broken.session?.() ?? broken;
          const bare = broken.withoutSchema ?? schemaless;
          return {
            encoder: (schema) => (schema === undefined ? bare.encode : encode),
            decoder: (schema) => (schema === undefined ? bare.decode : decode),
          };
        },
      };
      return {
        codec,
        schema,
        loneSurrogates: 'kept',
        nested: (levels) => ['"inner":', '"list":[', '"entries":{"a":'].map((by) => nested(by, levels)),
        overclaiming: [],
        withUnknownField: (bytes, text) =>
          Buffer.from(`${Buffer.from(bytes).toString().slice(0, -1)},"unknown":${JSON.stringify(text)}}`),
        ...fields,
        dispose: async () => {},
      };
    },
  };
}

const schema: StandardSchema<Sample> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Sample }) },
};

const schemaless: SampleCodec = {
  encode: () => {
    throw refusal('without a schema nothing is written');
  },
  decode: () => {
    throw refusal('without a schema nothing is read');
  },
};

/** How the value of a field is written and read; undefined for one that does not fit. */
interface Form {
  readonly optional?: boolean;
  readonly write: (value: unknown, place: string, depth: number) => unknown;
  readonly read: (json: unknown, place: string, depth: number) => unknown;
}

function scalar(fits: (value: unknown) => boolean): Form {
  const kept = (value: unknown): unknown => (fits(value) ? value : undefined);
  return { write: kept, read: kept };
}

const real: Form = {
  write: (value) => (typeof value === 'number' ? (Number.isFinite(value) ? value : String(value)) : undefined),
  read: (json) =>
    typeof json === 'number'
      ? json
      : ['NaN', 'Infinity', '-Infinity'].includes(json as string)
        ? Number(json)
        : undefined,
};
const text = scalar((value) => typeof value === 'string');
const inner: Form = { write: written, read };

function list(of: Form): Form {
  const each = (by: 'write' | 'read') => (value: unknown, place: string, depth: number) =>
    Array.isArray(value) ? value.map((item) => there(of[by](item, place, depth), place)) : undefined;
  return { write: each('write'), read: each('read') };
}

const entries: Form = { optional: true, write: eachEntry('write'), read: eachEntry('read') };

function eachEntry(by: 'write' | 'read') {
  return (value: unknown, place: string, depth: number) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inner[by](one, place, depth)]));
  };
}

const forms: Readonly<Record<keyof Sample, Form>> = {
  text,
  flag: scalar((value) => typeof value === 'boolean'),
  whole: scalar((value) => Number.isSafeInteger(value)),
  real,
  texts: list(text),
  reals: list(real),
  list: list(inner),
  choice: { ...scalar((value) => value === 'red' || value === 'dark green'), optional: true },
  inner: { ...inner, optional: true },
  entries,
  bytes: {
    optional: true,
    write: (value) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : undefined),
    read: (json) => (typeof json === 'string' ? new Uint8Array(Buffer.from(json, 'base64')) : undefined),
  },
  at: {
    optional: true,
    write: (value) => (value instanceof Date ? value.getTime() : undefined),
    read: (json) => (typeof json === 'number' ? new Date(json) : undefined),
  },
  big: {
    optional: true,
    write: (value) => (typeof value === 'bigint' ? String(value) : undefined),
    read: (json) => (/^-?\d{1,20}$/.test(String(json)) ? BigInt(String(json)) : undefined),
  },
};

function written(value: unknown, place: string, depth: number): unknown {
  return mapped('write', value, place, depth);
}

function read(json: unknown, place: string, depth: number): unknown {
  return mapped('read', json, place, depth);
}

function mapped(by: 'write' | 'read', value: unknown, place: string, depth: number): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusal(`${place} is no object`);
  if (depth === 0) throw refusal(`${place} is nested too deep`);
  const result: Record<string, unknown> = {};
  for (const [name, form] of Object.entries(forms)) {
    const given = (value as Readonly<Record<string, unknown>>)[name];
    if (given === undefined && form.optional === true) continue;
    result[name] = there(form[by](given, name, depth - 1), name);
  }
  return result;
}

function there(value: unknown, place: string): unknown {
  if (value === undefined) throw refusal(`${place} does not fit`);
  return value;
}

function nested(by: string, levels: number): Buffer {
  const zeros = '"text":"","flag":false,"whole":0,"real":0,"texts":[],"reals":[]';
  const [start, end] = by.endsWith('[') ? ['', ']}'] : [',"list":[]', by.includes('entries') ? '}}' : '}'];
  const opening = `{${zeros}${start},${by}`;
  return Buffer.from(`${opening.repeat(levels - 1)}{${zeros},"list":[]}${end.repeat(levels - 1)}`);
}

export function refusal(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}
