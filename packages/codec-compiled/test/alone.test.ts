import { Built, type CodecSession } from '@tenon/contract';
import { compileDto } from '@tenon/validator-class';
import { expect, test } from 'vitest';
import { NewerOrder, Order, OtherOrder, order } from './classes.js';
import { End, encoded } from './linked-pair.js';

const alone = (): CodecSession => new End().open(false);
const bytes = encoded(alone(), order, Order);
const read = (schema: (new () => object) | undefined, message: Buffer = bytes): unknown =>
  alone().decoder(schema)(message, 0, message.length);

test('a message that stands alone carries its layout, and a reader of any version, or without a class, reads it', () => {
  expect(bytes[0]).toBe(1);
  for (const schema of [Order, NewerOrder, OtherOrder, undefined]) expect(read(schema)).toEqual(order);
});

test('a reader of the same class builds what it reads', () => {
  const { plan } = compileDto(Order);
  const built = alone().decoder(Order, plan)(bytes, 0, bytes.length);
  expect(built).toBeInstanceOf(Built);
  expect((built as Built).value).toBeInstanceOf(Order);
});

test('a value without a class, and one that does not fit its class, is plain', () => {
  for (const [value, schema] of [
    [order, undefined],
    [{ ...order, more: 1 }, Order],
  ] as const) {
    const message = encoded(alone(), value, schema);
    expect(message[0]).toBe(0);
    expect(read(Order, message)).toEqual(value);
  }
});

test('a message that is cut short or damaged anywhere is refused or read, and never another error', () => {
  for (let end = 0; end < bytes.length; end += 1) {
    expect(() => read(Order, bytes.subarray(0, end))).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  }
  const session = alone();
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const damaged = Buffer.from(bytes);
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    try {
      session.decoder(NewerOrder)(damaged, 0, damaged.length);
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    }
  }
  expect(session.decoder(Order)(bytes, 0, bytes.length)).toEqual(order);
});
