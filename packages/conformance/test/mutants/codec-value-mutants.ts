import type { CodecFixture } from '@tenon/conformance';
import { type Encoder, ServiceError } from '@tenon/contract';
import { type BreakCodec, goodJson, jsonFixtures, richFixtures } from '../codec-fixture.js';
import { mapped, written } from './codec-halves.js';
import type { Mutant } from './prove-cases.js';

const table = 'every value of the table comes back as it was';
const bytes = 'bytes come back as bytes, or as the documented text where the codec has none';
const dates = 'dates come back as dates, or as ISO 8601 text where the codec has none';
const bigints = 'big integers come back exact, or are refused where the codec has none';
const nonFinite = 'NaN and the infinities come back, or as null where the codec has none';
const undefinedCase = 'an undefined field reads as undefined, and undefined elsewhere as undefined or null';
const instances = 'instances of classes and records without prototype are written as their own fields';
const depth = 'a value that is 64 deep comes back, one that is 65 deep is refused';
const contentType = 'the content type and its aliases are lower case, without parameters, each once';

/** Codecs that lose or change values. */
export const codecValueMutants: readonly Mutant<CodecFixture>[] = [
  json(table, 'numbers have 32 bits', (_, decode) => ({
    decode: mapped(decode, (v) => (typeof v === 'number' && Number.isInteger(v) ? v | 0 : v)),
  })),
  json(table, 'numbers are single precision', (_, decode) => ({
    decode: mapped(decode, (v) => (typeof v === 'number' && !Number.isInteger(v) ? Math.fround(v) : v)),
  })),
  json(table, 'text is read as Latin-1', (_, decode) => ({
    decode: mapped(decode, (v) => (typeof v === 'string' ? Buffer.from(v).toString('latin1') : v)),
  })),
  json(table, 'text is cut at 2^16 - 1 bytes', (_, decode) => ({
    decode: mapped(decode, (v) => (typeof v === 'string' ? Buffer.from(v).subarray(0, 65_535).toString() : v)),
  })),
  json(table, 'empty lists are null', (_, decode) => ({
    decode: mapped(decode, (v) => (Array.isArray(v) && v.length === 0 ? null : v)),
  })),
  json(table, 'brackets in text count as depth', (_, decode) => ({
    decode: (buffer, start, end) => {
      const opens = Buffer.from(buffer.subarray(start, end))
        .toString('latin1')
        .replaceAll('\\"', '')
        .split('[{').length;
      if (opens > 64) throw refusal('too deep');
      return decode(buffer, start, end);
    },
  })),
  json('what one session wrote another one reads', 'a session knows its own keys alone', () => {
    let sessions = 0;
    return {
      session: () => {
        sessions += 1;
        const { encode, decode } = goodJson();
        const own = sessions;
        return {
          encode: written(encode, (value) => ({ own, value })),
          decode: (buffer, start, end) => {
            const { own: of, value } = decode(buffer, start, end) as { own: number; value: unknown };
            if (of !== own) throw refusal('unknown keys');
            return value;
          },
        };
      },
    };
  }),
  json(bytes, 'bytes become other text than documented', (encode) => ({
    encode: replacing(encode, (v) => (v instanceof Uint8Array ? Buffer.from(v).toString('hex') : v)),
  })),
  json(bytes, 'a view is written with the memory around it', (encode) => ({
    encode: replacing(encode, (v) => (v instanceof Uint8Array ? new Uint8Array(v.buffer) : v)),
  })),
  rich(bytes, 'bytes come back as a list of numbers', (_, decode) => ({
    decode: mapped(decode, (v) => (v instanceof Uint8Array ? [...v] : v)),
  })),
  json(dates, 'dates become numbers', (encode) => ({
    encode: replacing(encode, (v) => (v instanceof Date ? v.getTime() : v)),
  })),
  rich(dates, 'dates have seconds', (_, decode) => ({
    decode: mapped(decode, (v) => (v instanceof Date ? new Date(Math.floor(v.getTime() / 1_000) * 1_000) : v)),
  })),
  json(bigints, 'bigints become numbers', (encode) => ({
    encode: replacing(encode, (v) => (typeof v === 'bigint' ? Number(v) : v)),
  })),
  rich(bigints, 'bigints have 64 bits and a sign', (_, decode) => ({
    decode: mapped(decode, (v) => (typeof v === 'bigint' ? BigInt.asIntN(64, v) : v)),
  })),
  json(nonFinite, 'what is not finite is 0', (encode) => ({
    encode: replacing(encode, (v) => (typeof v === 'number' && !Number.isFinite(v) ? 0 : v)),
  })),
  rich(nonFinite, 'the infinities are NaN', (_, decode) => ({
    decode: mapped(decode, (v) => (v === Number.POSITIVE_INFINITY ? Number.NaN : v)),
  })),
  json(
    'half a surrogate pair is kept, replaced or refused as the fixture says',
    'it is replaced, not kept',
    (_, decode) => ({ decode: mapped(decode, (v) => (typeof v === 'string' ? Buffer.from(v).toString() : v)) }),
  ),
  json(undefinedCase, 'undefined fields become null', (encode) => ({ encode: replacing(encode, (v) => v ?? null) })),
  json(undefinedCase, 'undefined items are left out', (encode) => ({
    encode: replacing(encode, (v) => (Array.isArray(v) ? v.filter((item) => item !== undefined) : v)),
  })),
  json(instances, 'inherited fields are written', (encode) => ({
    encode: replacing(encode, (v) => (isRecord(v) ? withInherited(v) : v)),
  })),
  json(instances, 'instances are refused', (encode) => ({
    encode: replacing(encode, (v) => {
      if (isRecord(v) && Object.getPrototypeOf(v) !== Object.prototype) throw refusal('an instance');
      return v;
    }),
  })),
  json('an object that occurs twice is written twice', 'it counts as a cycle', (encode) => ({
    encode: (value, sink) => {
      const seen = new Set<unknown>();
      replacing(encode, (v) => {
        if (isRecord(v) && seen.has(v)) throw refusal('a cycle');
        seen.add(v);
        return v;
      })(value, sink);
    },
  })),
  json('functions, symbols and cycles are refused', 'functions are left out', (encode) => ({
    encode: replacing(encode, (v) => (typeof v === 'function' ? undefined : v)),
  })),
  json('functions, symbols and cycles are refused', 'cycles are cut', (encode) => ({
    encode: (value, sink) => {
      const seen = new Set<unknown>();
      replacing(encode, (v) => {
        if (typeof v === 'object' && seen.has(v)) return null;
        if (typeof v === 'object') seen.add(v);
        return v;
      })(value, sink);
    },
  })),
  json(depth, 'the encoder writes 65 levels', () => ({ encode: goodJson(65).encode })),
  json(depth, 'the encoder refuses 64 levels', () => ({ encode: goodJson(63).encode })),
  json('a value that is 100,000 deep is refused without overflowing the stack', 'the engine overflows', () => ({
    encode: (value, sink) => {
      sink.position += sink.buffer.write(JSON.stringify(value), sink.position);
    },
  })),
  json(contentType, 'the type is not lower case', () => ({ contentType: 'Application/JSON' })),
  json(contentType, 'the type has a parameter', () => ({ contentType: 'application/json;charset=utf-8' })),
  json(contentType, 'the type is its own alias', () => ({ aliases: ['application/json'] })),
];

function json(caughtBy: string, fault: string, broken: BreakCodec): Mutant<CodecFixture> {
  return { caughtBy, fault, fixtures: jsonFixtures(broken) };
}

function rich(caughtBy: string, fault: string, broken: BreakCodec): Mutant<CodecFixture> {
  return { caughtBy, fault, fixtures: richFixtures(broken) };
}

/** An encoder that writes something else in the place of some parts, from the top down. */
function replacing(encode: Encoder, replace: (part: unknown) => unknown): Encoder {
  const walk = (part: unknown, level: number): unknown => {
    const other = replace(part);
    if (level > 70) return other;
    if (Array.isArray(other)) return other.map((item) => walk(item, level + 1));
    if (!isRecord(other)) return other;
    return Object.fromEntries(Object.entries(other).map(([key, value]) => [key, walk(value, level + 1)]));
  };
  return written(encode, (value) => walk(value, 0));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  const isOther = Array.isArray(value) || value instanceof Uint8Array || value instanceof Date;
  return typeof value === 'object' && value !== null && !isOther;
}

function withInherited(record: Record<string, unknown>): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key in record) copy[key] = record[key];
  return copy;
}

function refusal(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}
