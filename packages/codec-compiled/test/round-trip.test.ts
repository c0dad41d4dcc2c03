import { BufferSink } from '@tenon/contract/authoring';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileReader } from '../src/engine/layout-reader.js';
import { compileWriter } from '../src/engine/layout-writer.js';
import { cases } from './arbitrary.js';
import { msgpack, written } from './layouts.js';

const plain = msgpack();
const runs = 400;

test('what fits a layout comes back as it was, and generated code and closures write and read the same', () => {
  fc.assert(
    fc.property(cases(), ({ layout, values }) => {
      const [writeGenerated, writeByClosures] = [true, false].map((generateCode) =>
        compileWriter(layout, { generateCode }),
      );
      const readers = [true, false].map((generateCode) => compileReader(layout, { generateCode }));
      for (const value of values) {
        const bytes = written(writeGenerated!, value, plain);
        expect(bytes, 'it fits').toBeDefined();
        expect(written(writeByClosures!, value, plain)?.toString('hex')).toBe(bytes!.toString('hex'));
        // It neither depends on where the bytes stand nor on what is around them.
        const around = Buffer.concat([Buffer.alloc(3, 0xff), bytes!, Buffer.alloc(9, 0xff)]);
        for (const read of readers) {
          expect(normal(read(around, 3, 3 + bytes!.length, plain.decode))).toEqual(normal(value));
        }
      }
    }),
    { numRuns: runs },
  );
}, 120_000);

test('a value that msgpack brings back comes back equal', () => {
  fc.assert(
    fc.property(cases(), ({ layout, values }) => {
      const sink = new BufferSink();
      const write = compileWriter(layout, { generateCode: true });
      const read = compileReader(layout, { generateCode: true });
      for (const value of values) {
        const bytes = written(write, value, plain)!;
        sink.reset();
        plain.encode(value, sink);
        expect(read(bytes, 0, bytes.length, plain.decode)).toEqual(plain.decode(sink.buffer, 0, sink.position));
      }
    }),
    { numRuns: runs / 4 },
  );
}, 120_000);

test('room is asked for exactly: a sink whose limit is the size of the value takes it, and one byte less does not', () => {
  fc.assert(
    fc.property(cases(), fc.boolean(), ({ layout, values }, generateCode) => {
      const write = compileWriter(layout, { generateCode });
      for (const value of values) {
        const bytes = written(write, value, plain)!;
        const tight = new BufferSink(bytes.length, 0);
        expect(written(write, value, plain, tight)?.equals(bytes)).toBe(true);
        if (bytes.length === 0) continue;
        const short = new BufferSink(bytes.length - 1, 0);
        expect(() => write(value, short, plain.encode)).toThrow(/over the limit/);
        expect(short.position).toBe(0);
      }
    }),
    { numRuns: runs / 4 },
  );
}, 120_000);

/** As plain objects, without what is undefined: what a reader gives. */
function normal(value: unknown): unknown {
  // A bigint that a number holds comes back as one, as in MessagePack.
  if (typeof value === 'bigint' && BigInt(Number(value)) === value && value <= 2n ** 53n && value >= -(2n ** 53n)) {
    return Number(value);
  }
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(normal);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  const own = Object.create(null) as Record<string, unknown>;
  for (const [name, one] of entries) own[name] = normal(one);
  return own;
}
