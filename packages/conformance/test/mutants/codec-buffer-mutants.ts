import type { CodecFixture } from '@tenon/conformance';
import { type Encoder, ServiceError } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import { type BreakCodec, jsonFixtures } from '../codec-fixture.js';
import type { Mutant } from './prove-cases.js';

const bounds = 'the decoder reads neither before its start nor past its end';
const growth = 'the encoder grows the sink through ensure and uses the buffer that it then has';
const limit = 'the sink limit is honoured to the byte, and leaves the session usable';
const throwing = 'a getter that throws leaves the session usable and what was written before untouched';
const unchanged = "the caller's value is not changed";

/** Codecs that misuse what they are lent. */
export const codecBufferMutants: readonly Mutant<CodecFixture>[] = [
  mutant(bounds, 'it reads from the start of the buffer', (_, decode) => ({
    decode: (buffer, start, end) => decode(buffer, 0, end - start),
  })),
  mutant(bounds, 'it reads one byte past the end', (_, decode) => ({
    decode: (buffer, start, end) => {
      try {
        return decode(buffer, start, Math.min(end + 1, buffer.length));
      } catch {
        return decode(buffer, start, end);
      }
    },
  })),
  mutant(bounds, 'it forgets where a view begins in its memory', (_, decode) => ({
    decode: (buffer, start, end) => {
      const whole = Buffer.isBuffer(buffer) ? buffer : new Uint8Array(buffer.buffer);
      return decode(whole, start, end);
    },
  })),
  mutant(
    'the decoded value keeps no reference to the buffer',
    'fields are decoded when they are read',
    (_, decode) => ({
      decode: (buffer, start, end) => {
        const value = decode(buffer, start, end) as Record<string, unknown>;
        const lazy = {};
        for (const key of Object.keys(value)) {
          const get = () => (decode(buffer, start, end) as Record<string, unknown>)[key];
          Object.defineProperty(lazy, key, { enumerable: true, get });
        }
        return lazy;
      },
    }),
  ),
  mutant('the encoder writes at the position and keeps what is before it', 'it begins at the front', (encode) => ({
    encode: (value, sink) => {
      sink.position = 0;
      encode(value, sink);
    },
  })),
  mutant(growth, 'it writes into the buffer from before ensure', (encode) => ({
    encode: (value, sink) => {
      const bytes = bytesBy(encode, value);
      const { buffer } = sink;
      sink.ensure(bytes.length);
      bytes.copy(buffer, sink.position);
      sink.position += bytes.length;
    },
  })),
  mutant(growth, 'it never asks for room', (encode) => ({
    encode: (value, sink) => {
      const bytes = bytesBy(encode, value);
      bytes.copy(sink.buffer, sink.position);
      sink.position += bytes.length;
    },
  })),
  mutant(limit, 'it asks for three bytes a character', (encode) => ({
    encode: (value, sink) => {
      sink.ensure(bytesBy(encode, value).length * 3);
      encode(value, sink);
    },
  })),
  mutant(limit, 'it helps itself to a larger buffer', (encode) => ({
    encode: (value, sink) => {
      const bytes = bytesBy(encode, value);
      sink.buffer = Buffer.concat([sink.buffer.subarray(0, sink.position), bytes]);
      sink.position += bytes.length;
    },
  })),
  mutant(limit, 'a refusal does not say that nothing ran', (encode) => ({
    encode: (value, sink) => {
      try {
        encode(value, sink);
      } catch (cause) {
        throw new ServiceError('ResourceExhausted', 'too large', { cause });
      }
    },
  })),
  mutant('a getter may encode another value with the same encoder', 'the encoder is busy meanwhile', (encode) => {
    let busy = false;
    return {
      encode: (value, sink) => {
        if (busy) throw new ServiceError('InvalidArgument', 'the encoder is busy', { executed: 'no' });
        busy = true;
        try {
          encode(value, sink);
        } finally {
          busy = false;
        }
      },
    };
  }),
  mutant(throwing, 'the encoder stays busy', (encode) => {
    let busy = false;
    return {
      encode: (value, sink) => {
        if (busy) throw new ServiceError('InvalidArgument', 'the encoder is busy', { executed: 'no' });
        busy = true;
        encode(value, sink);
        busy = false;
      },
    };
  }),
  mutant(throwing, 'the getter is passed over', (encode) => ({
    encode: (value, sink) => {
      try {
        encode(value, sink);
      } catch {
        encode(null, sink);
      }
    },
  })),
  mutant(throwing, 'the sink is wiped', (encode) => ({
    encode: (value, sink) => {
      try {
        encode(value, sink);
      } catch (thrown) {
        sink.buffer.fill(0);
        throw thrown;
      }
    },
  })),
  mutant(unchanged, 'undefined fields are deleted', (encode) => ({
    encode: (value, sink) => {
      const fields = value as Record<string, unknown>;
      for (const key of Object.keys(fields)) if (fields[key] === undefined) delete fields[key];
      encode(value, sink);
    },
  })),
  mutant(unchanged, 'bytes are swapped in place', (encode) => ({
    encode: (value, sink) => {
      (value as { readonly bytes: Buffer }).bytes.reverse();
      encode(value, sink);
    },
  })),
];

function mutant(caughtBy: string, fault: string, broken: BreakCodec): Mutant<CodecFixture> {
  return { caughtBy, fault, fixtures: jsonFixtures(broken) };
}

function bytesBy(encode: Encoder, value: unknown): Buffer {
  const sink = new BufferSink();
  encode(value, sink);
  return sink.bytes();
}
