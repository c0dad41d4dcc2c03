import { type Codec, ServiceError } from '@tenon/contract';
import { BufferSink, OpenCodec } from '@tenon/contract/authoring';
import { describe, expect, test } from 'vitest';
import { bytesCodec } from './bytes-codec.js';

const codec = (bytesCodec().create as () => Codec)();
const open = new OpenCodec(codec.contentType, codec.open());

describe('bytes as they are', () => {
  test('come back as bytes of their own', () => {
    const backing = Uint8Array.from({ length: 300 }, (_, index) => index % 256);
    for (const bytes of [backing, backing.subarray(3, 17), new Uint8Array(0), Buffer.from('tea')]) {
      const wire = Buffer.concat([Buffer.from('before'), open.encode(bytes), Buffer.from('behind')]);
      const read = codec.open().decoder()(wire, 6, wire.length - 6) as Uint8Array;
      expect([...read]).toEqual([...bytes]);
      wire.fill(0);
      expect([...read]).toEqual([...bytes]);
      expect(read.buffer.byteLength).toBe(bytes.length);
    }
  });

  test('are written at the position, up to the limit', () => {
    const sink = new BufferSink(8, 4);
    sink.position = 3;
    codec.open().encoder()(Uint8Array.of(1, 2, 3, 4, 5), sink);
    expect([...sink.bytes().subarray(3)]).toEqual([1, 2, 3, 4, 5]);
    expect(() => codec.open().encoder()(Uint8Array.of(1), sink)).toThrow(/over the limit/);
  });

  test('nothing is no bytes', () => {
    for (const nothing of [undefined, null, {}, Object.create(null)]) expect(open.encode(nothing)).toHaveLength(0);
    expect(open.decode(new Uint8Array(0))).toEqual(new Uint8Array(0));
  });

  test.each([['a text'], [7], [{ a: 1 }], [[1, 2]], [[]], [new Date(0)], [() => 1], [new ArrayBuffer(2)]])(
    '%o is refused',
    (value) => {
      try {
        open.encode(value);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(ServiceError);
        expect(thrown).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
        expect((thrown as ServiceError).rawMessage).toMatch(/carries bytes, and the value is .*Uint8Array/);
        return;
      }
      throw new Error('it was taken');
    },
  );
});
