import type { Sample, TypedCodecFixture } from '@tenon/conformance';
import type { Decoder } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import { goodJson } from '../codec-fixture.js';
import { type BrokenSampleCodec, refusal, type SampleCodec, sampleCodec, typedFixtures } from '../typed-codec.js';
import { mapped, written } from './codec-halves.js';
import type { Mutant } from './prove-cases.js';

const misfits = 'a value that does not fit its schema is refused, and the error names the field and not the value';
const deep = 'a value that is 64 deep comes back, one that is 65 deep is refused';
const position = 'the encoder writes at the position, through ensure, to the byte of the limit';
const getter = 'a getter may encode another value, or throw, with the same encoder';
const hostile = 'input that is cut short, random or damaged is refused or is a value, and never another error';
const depths = 'bytes that are 64 deep are read, 65 and 100,000 deep are refused';

/** Codecs with schemas that lose values, or believe what they read. */
export const typedCodecMutants: readonly Mutant<TypedCodecFixture>[] = [
  mutant('every field of a sample comes back as it was', 'numbers have 32 bits', ({ decode }) => ({
    decode: mapped(decode, (part) => (Number.isSafeInteger(part) ? (part as number) | 0 : part)),
  })),
  mutant('what one session wrote another one reads', 'a session knows its own texts alone', () => {
    let sessions = 0;
    return {
      session: () => {
        const { encode, decode } = sampleCodec();
        sessions += 1;
        const own = `${sessions}:`;
        return {
          encode: written(encode, (value) => ({ ...(value as Sample), text: own + (value as Sample).text })),
          decode: (buffer, start, end) => {
            const value = decode(buffer, start, end) as Sample;
            if (!value.text.startsWith(own)) throw refusal('unknown texts');
            return { ...value, text: value.text.slice(own.length) };
          },
        };
      },
    };
  }),
  mutant(
    'bytes, dates and bigints come back exact, or are refused where the codec has none',
    'dates have seconds',
    ({ decode }) => ({
      decode: mapped(decode, (part) =>
        part instanceof Date ? new Date(Math.floor(part.getTime() / 1_000) * 1_000) : part,
      ),
    }),
  ),
  mutant(
    'NaN and the infinities come back, or are refused where the codec has none',
    'the infinities are NaN',
    ({ decode }) => ({
      decode: mapped(decode, (part) => (part === Number.POSITIVE_INFINITY ? Number.NaN : part)),
    }),
  ),
  mutant(
    'half a surrogate pair is kept, replaced or refused as the fixture says',
    'it is replaced, not kept',
    ({ decode }) => ({
      decode: mapped(decode, (part) => (typeof part === 'string' ? Buffer.from(part).toString() : part)),
    }),
  ),
  mutant('a field that is absent or undefined is absent again', 'it comes back as undefined', ({ decode }) => ({
    decode: (buffer, start, end) => ({ inner: undefined, ...(decode(buffer, start, end) as Sample) }),
  })),
  mutant(
    'an instance of a class is written as a record of its fields, twice where it occurs twice',
    'it is refused',
    ({ encode }) => ({
      encode: written(encode, (value) => {
        const { list } = value as Sample;
        if (Array.isArray(list) && new Set(list).size < list.length) throw refusal('list holds one object twice');
        return value;
      }),
    }),
  ),
  mutant(misfits, 'what does not fit is left out', ({ encode }) => ({
    encode: written(encode, (value) => {
      const { inner } = value as Sample;
      return typeof inner?.whole === 'string' ? { ...(value as Sample), inner: { ...inner, whole: 0 } } : value;
    }),
  })),
  mutant(misfits, 'the error names no field', ({ encode }) => ({
    encode: rethrown(encode, () => refusal('it does not fit')),
  })),
  mutant(misfits, 'the error repeats the value', ({ encode }) => ({
    encode: (value, sink) => {
      try {
        encode(value, sink);
      } catch (thrown) {
        throw refusal(`${(thrown as Error).message}: ${JSON.stringify(value)}`);
      }
    },
  })),
  mutant('without a schema neither values nor bytes are taken', 'values are taken', () => ({
    withoutSchema: goodJson(),
  })),
  mutant(deep, '65 levels are written', () => ({ encode: sampleCodec(65).encode })),
  mutant(deep, '64 levels are refused', () => ({ encode: sampleCodec(63).encode })),
  mutant(
    'a value that is 100,000 deep, or holds itself, is refused without overflowing the stack',
    'it is written by recursion',
    ({ decode }) => ({
      encode: (value, sink) => {
        const bytes = Buffer.from(JSON.stringify(value));
        sink.ensure(bytes.length);
        sink.position += bytes.copy(sink.buffer, sink.position);
      },
      decode,
    }),
  ),
  mutant('the content type and its aliases are lower case, without parameters, each once', 'it has a capital', () => ({
    contentType: 'application/X-Sample',
  })),
  mutant(
    'the decoder reads neither before its start nor past its end',
    'it reads from the start of the buffer',
    ({ decode }) => ({
      decode: (buffer, start, end) => decode(buffer, 0, end - start),
    }),
  ),
  mutant(
    'the decoded value keeps no reference to the buffer',
    'fields are decoded when they are read',
    ({ decode }) => ({
      decode: (buffer, start, end) => {
        const lazy = {};
        for (const key of Object.keys(decode(buffer, start, end) as Sample)) {
          const get = () => (decode(buffer, start, end) as Record<string, unknown>)[key];
          Object.defineProperty(lazy, key, { enumerable: true, get });
        }
        return lazy;
      },
    }),
  ),
  mutant(position, 'it begins at the front', ({ encode }) => ({
    encode: (value, sink) => {
      sink.position = 0;
      encode(value, sink);
    },
  })),
  mutant(position, 'it asks for three bytes a character', ({ encode }) => ({
    encode: (value, sink) => {
      const own = new BufferSink();
      encode(value, own);
      sink.ensure(own.position * 3);
      encode(value, sink);
    },
  })),
  mutant(getter, 'a value that is encoded within another takes its place', ({ encode }) => {
    let last: unknown;
    return {
      encode: (value, sink) => {
        last = value;
        const read = { ...(value as Sample) };
        encode(last === value ? read : last, sink);
      },
    };
  }),
  mutant(getter, 'what a getter throws is passed over', ({ encode }) => ({
    encode: (value, sink) => {
      try {
        encode(value, sink);
      } catch (thrown) {
        if (!(thrown instanceof Error) || thrown.message !== 'the getter failed') throw thrown;
      }
    },
  })),
  mutant("the caller's value is not changed", 'bytes are wiped once they are written', ({ encode }) => ({
    encode: (value, sink) => {
      encode(value, sink);
      (value as Sample).bytes?.fill(0);
    },
  })),
  mutant('a field that the schema does not know is passed over', 'it is refused', ({ decode }) => ({
    decode: checking(decode, (text) => {
      if (text.includes('"unknown"')) throw refusal('an unknown field');
    }),
  })),
  mutant(depths, '65 levels are read', () => ({ decode: sampleCodec(64, 65).decode })),
  mutant(depths, '64 levels are refused', () => ({ decode: sampleCodec(64, 63).decode })),
  {
    caughtBy: 'a claimed length beyond the bytes is refused before anything is allocated by it',
    fault: 'a list is made as long as it claims to be',
    fixtures: typedFixtures(
      ({ decode }) => ({
        decode: checking(decode, (text) => {
          if (text.startsWith('#')) throw refusal(`${new Array(Number(text.slice(1))).fill(0).length} are missing`);
        }),
      }),
      { overclaiming: [Buffer.from('#8000000')] },
    ),
  },
  mutant(hostile, 'input cut short ends as a SyntaxError', ({ decode }) => ({
    decode: checking(decode, (text) => void JSON.parse(text)),
  })),
  mutant('keys named __proto__ and constructor never touch a prototype', 'entries are assigned', ({ decode }) => ({
    decode: (buffer, start, end) => {
      const value = decode(buffer, start, end) as { entries?: Record<string, unknown> };
      if (value.entries === undefined) return value;
      const assigned: Record<string, unknown> = {};
      for (const [key, one] of Object.entries(value.entries)) assigned[key] = one;
      return { ...value, entries: assigned };
    },
  })),
  mutant('an error never repeats what was read', 'it quotes the text', ({ decode }) => ({
    decode: (buffer, start, end) => {
      try {
        return decode(buffer, start, end);
      } catch {
        throw refusal(`malformed: ${Buffer.from(buffer.subarray(start, end)).toString()}`);
      }
    },
  })),
];

function mutant(
  caughtBy: string,
  fault: string,
  breakIt: (good: SampleCodec) => BrokenSampleCodec,
): Mutant<TypedCodecFixture> {
  return { caughtBy, fault, fixtures: typedFixtures(breakIt) };
}

/** Looks at the text before it is decoded. */
function checking(decode: Decoder, look: (text: string) => void): Decoder {
  return (buffer, start, end) => {
    look(Buffer.from(buffer.subarray(start, end)).toString());
    return decode(buffer, start, end);
  };
}

function rethrown(encode: SampleCodec['encode'], error: () => Error): SampleCodec['encode'] {
  return (value, sink) => {
    try {
      encode(value, sink);
    } catch {
      throw error();
    }
  };
}
