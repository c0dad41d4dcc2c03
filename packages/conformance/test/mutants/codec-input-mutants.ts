import type { CodecFixture } from '@tenon/conformance';
import { type Decoder, ServiceError } from '@tenon/contract';
import { type BreakCodec, goodJson, jsonFixtures } from '../codec-fixture.js';
import type { Mutant } from './prove-cases.js';

const depth = 'bytes that are 64 deep are read, 65 deep are refused';
const hostileDepth = 'bytes that are 100,000 deep are refused without overflowing the stack';
const cut = 'input cut short at any byte is refused or is a value, and never another error';
const random = 'random and damaged bytes are refused or are a value, and never another error';
const prototypes = 'keys named __proto__ and constructor never touch a prototype';
const secrets = 'an error never repeats what was read';

/** Codecs that believe what they read. */
export const codecInputMutants: readonly Mutant<CodecFixture>[] = [
  mutant(depth, 'the decoder reads 65 levels', () => ({ decode: goodJson(65).decode })),
  mutant(depth, 'the decoder refuses 64 levels', () => ({ decode: goodJson(63).decode })),
  mutant(hostileDepth, 'the decoder walks by recursion', () => ({
    decode: (buffer, start, end) => {
      const value: unknown = JSON.parse(textOf(buffer, start, end));
      if (levelsOf(value) > 64) throw refusal('too deep');
      return value;
    },
  })),
  {
    caughtBy: 'a claimed length beyond the bytes is refused before anything is allocated by it',
    fault: 'a list is made as long as it claims to be',
    fixtures: jsonFixtures(
      (_, decode) => ({
        decode: (buffer, start, end) => {
          const text = textOf(buffer, start, end);
          if (!text.startsWith('#')) return decode(buffer, start, end);
          throw refusal(`${new Array(Number(text.slice(1))).fill(0).length} items are missing`);
        },
      }),
      { overclaiming: [Buffer.from('#8000000')] },
    ),
  },
  mutant(cut, 'input cut short ends as a SyntaxError', () => ({
    decode: (buffer, start, end) => JSON.parse(textOf(buffer, start, end)),
  })),
  mutant(cut, 'what is missing is made up', (_, decode) => ({
    decode: (buffer, start, end) => {
      try {
        return decode(buffer, start, end);
      } catch {
        return decode(Buffer.concat([buffer.subarray(start, end), Buffer.from('}')]), 0, end - start + 1);
      }
    },
  })),
  mutant(cut, 'empty input is null', (_, decode) => ({
    decode: (buffer, start, end) => (start === end ? null : decode(buffer, start, end)),
  })),
  mutant(cut, 'a refusal does not say that nothing ran', (_, decode) => ({
    decode: (buffer, start, end) => {
      try {
        return decode(buffer, start, end);
      } catch {
        throw new ServiceError('InvalidArgument', 'malformed');
      }
    },
  })),
  mutant('bytes behind the value are refused', 'they are ignored', (_, decode) => ({ decode: longestValue(decode) })),
  mutant(random, 'bytes that are not UTF-8 end as a TypeError', (_, decode) => ({
    decode: (buffer, start, end) => {
      new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(start, end));
      return decode(buffer, start, end);
    },
  })),
  mutant(random, 'malformed input damages the session', (_, decode) => {
    let damaged = false;
    return {
      decode: (buffer, start, end) => {
        try {
          const value = decode(buffer, start, end);
          return damaged ? {} : value;
        } catch (thrown) {
          damaged = true;
          throw thrown;
        }
      },
    };
  }),
  mutant(prototypes, 'fields are assigned to an object', () => ({
    decode: (buffer, start, end) => assigned(goodJson().decode(buffer, start, end)),
  })),
  mutant(secrets, "the engine's message is passed on", () => ({
    decode: (buffer, start, end) => {
      try {
        return JSON.parse(textOf(buffer, start, end));
      } catch (thrown) {
        throw refusal((thrown as Error).message);
      }
    },
  })),
  mutant(secrets, "the engine's error is kept as the cause", () => ({
    decode: (buffer, start, end) => {
      try {
        return JSON.parse(textOf(buffer, start, end));
      } catch (cause) {
        throw new ServiceError('InvalidArgument', 'malformed', { executed: 'no', cause });
      }
    },
  })),
];

function mutant(caughtBy: string, fault: string, broken: BreakCodec): Mutant<CodecFixture> {
  return { caughtBy, fault, fixtures: jsonFixtures(broken) };
}

function textOf(buffer: Uint8Array, start: number, end: number): string {
  return Buffer.from(buffer.subarray(start, end)).toString();
}

function levelsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(levelsOf));
}

function longestValue(decode: Decoder): Decoder {
  return (buffer, start, end) => {
    for (let shorter = end; shorter > start + 1; shorter -= 1) {
      try {
        return decode(buffer, start, shorter);
      } catch {
        // One byte less, then.
      }
    }
    return decode(buffer, start, start + 1);
  };
}

function assigned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(assigned);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) copy[key] = assigned(field);
  return copy;
}

function refusal(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}
