import { Built, type CodecSession } from '@tenon/contract';
import { compileDto } from '@tenon/validator-class';
import { Type } from 'class-transformer';
import { Allow, IsInt, IsOptional, IsString, Min, ValidateNested } from 'class-validator';
import { describe, expect, test } from 'vitest';
import { judge } from './judge.js';
import { End, encoded, msgpack, Pair } from './linked-pair.js';
import { classOf, integer, text } from './made-classes.js';

class Node {
  @IsOptional() @IsString() label?: string;
  @IsOptional() @IsInt() count?: number;
  @IsOptional() @ValidateNested() @Type(() => Node) left?: Node;
  @IsOptional() @ValidateNested() @Type(() => Node) right?: Node;
  @IsOptional() @Allow() more?: unknown;
}

const node = compileDto(Node);

/** A connection on which the class is agreed, and a message that stands alone. */
function sessions(): readonly (readonly [string, CodecSession, CodecSession])[] {
  const pair = new Pair();
  pair.server.session.decoder(Node);
  pair.say({}, Node, Node);
  return [
    ['on a connection', pair.client.session, pair.server.session],
    ['alone', pair.client.open(false), pair.server.open(false)],
  ];
}

describe.each(sessions())('%s', (_where, sender, receiver) => {
  const goesOn = (): void => {
    const bytes = encoded(sender, { label: 'fine' }, Node);
    expect(bytes[0]).toBe(1);
    expect(receiver.decoder(Node)(bytes, 0, bytes.length)).toEqual({ label: 'fine' });
  };

  test('a value that is in itself is refused as the plain codec does, and the next is written', () => {
    const cycle: Record<string, unknown> = { label: 'round' };
    cycle['left'] = cycle;
    const within: Record<string, unknown> = {};
    within['more'] = within;
    for (const value of [cycle, within]) {
      expect(() => encoded(sender, value, Node)).toThrow(
        expect.objectContaining({ code: 'InvalidArgument', executed: 'no' }),
      );
      goesOn();
    }
  });

  test('of what the plain codec refuses the place is said, wherever it is', () => {
    for (const value of [{ left: { more: [1, () => 2] } }, { left: { more: { at: 2n ** 64n } } }]) {
      let said = '';
      try {
        encoded(msgpack().open(), value);
      } catch (thrown) {
        said = (thrown as Error).message;
      }
      expect(said).toContain('the value at .left.more');
      expect(() => encoded(sender, value, Node)).toThrow(said);
      goesOn();
    }
  });

  test.each([
    ['NaN', Number.NaN],
    ['infinity', Number.NEGATIVE_INFINITY],
    ['−0', -0],
    ['2^53', 2 ** 53],
    ['−2^53', -(2 ** 53)],
    ['1e300', 1e300],
    ['a fraction', 0.5],
    ['a bigint', 2n ** 60n],
  ])('%s in the place of an integer is the validator’s to judge, as it came', async (_what, count) => {
    const bytes = encoded(sender, { count }, Node);
    expect(bytes[0]).toBe(0);
    const heard = receiver.decoder(Node, node.plan)(bytes, 0, bytes.length);
    expect(heard).toEqual({ count });
    expect(await judge(node, heard)).toEqual(await judge(node, { count }));
    goesOn();
  });

  test('half a surrogate pair, and bytes that are no UTF-8, read as U+FFFD', () => {
    const half = encoded(sender, { label: 'a\ud800b' }, Node);
    expect(receiver.decoder(Node)(half, 0, half.length)).toEqual({ label: 'a\ufffdb' });
    const bytes = encoded(sender, { label: 'xyz' }, Node);
    for (const broken of ['ff7879', '78c080', 'eda080', 'f09f98', '80bf41']) {
      const damaged = Buffer.from(bytes);
      damaged.write(broken, bytes.indexOf('xyz'), 'hex');
      const read = receiver.decoder(Node)(damaged, 0, damaged.length) as { readonly label: string };
      expect(read.label).toBe(Buffer.from(broken, 'hex').toString('utf8'));
      expect(receiver.decoder(Node, node.plan)(damaged, 0, damaged.length)).toEqual(
        new Built(node.validate({ label: read.label }) as object),
      );
    }
  });

  test('a length beyond the frame is refused, whatever stands behind it in memory', () => {
    const bytes = encoded(sender, { label: 'xyz' }, Node);
    const at = bytes.indexOf('xyz') - 1;
    for (const length of ['04', '7f', 'ffffff7f', 'ffffffffffffff0f', 'ffffffffffffffff']) {
      const damaged = Buffer.concat([bytes.subarray(0, at), Buffer.from(length, 'hex'), bytes.subarray(at + 1)]);
      const memory = Buffer.concat([damaged, Buffer.alloc(1_000, 0x61)]);
      for (const decode of [receiver.decoder(Node), receiver.decoder(Node, node.plan)]) {
        expect(() => decode(memory, 0, damaged.length)).toThrow(
          expect.objectContaining({ code: 'InvalidArgument', executed: 'no' }),
        );
      }
    }
    goesOn();
  });
});

test.each(sessions())(
  '%s a value that is in others a billion times over is refused soon',
  (_where, sender) => {
    let value: object = {};
    for (let levels = 0; levels < 30; levels += 1) value = { left: value, right: value };
    // Neither is it written to its end, nor is it looked through for a reason why it does not fit.
    expect(() => encoded(sender, value, Node)).toThrow(expect.objectContaining({ code: 'ResourceExhausted' }));
  },
  5_000,
);

test('that a value does not fit is no harm where it cannot be read again to say why', () => {
  const pair = new Pair();
  pair.server.session.decoder(Node);
  pair.say({}, Node, Node);
  let asked = 0;
  const value = {
    get label() {
      asked += 1;
      if (asked > 2) throw new RangeError('not again');
      return 7;
    },
  };
  const { bytes, heard } = pair.say(value, Node, Node);
  expect([bytes[0], asked, heard]).toEqual([0, 3, { label: 7 }]);
});

test('what is first read of a class holds: rules that come later change neither its layout nor how it is built', () => {
  const late = classOf('Late', { name: text(), count: integer() });
  const pair = new Pair();
  const compiled = compileDto(late);
  pair.say({ name: 'a', count: 1 }, late, late);
  const before = pair.say({ name: 'b', count: 2 }, late, late, compiled.plan);
  expect(before.heard).toBeInstanceOf(Built);
  IsInt()(late.prototype as object, 'added');
  IsString()(late.prototype as object, 'count');
  Min(5)(late.prototype as object, 'count');
  const after = pair.say({ name: 'b', count: 2 }, late, late, compiled.plan);
  expect(after.bytes).toEqual(before.bytes);
  expect(after.heard).toEqual(before.heard);
  // Who reads the class only now has another one, and reads all the same.
  const message = encoded(pair.client.open(false), { name: 'b', count: 2 }, late);
  const { plan } = compileDto(late);
  const newcomer = new End().open(false);
  expect(message[0]).toBe(1);
  expect(newcomer.decoder(late, plan)(message, 0, message.length)).toEqual({ name: 'b', count: 2 });
  expect(encoded(newcomer, { name: 'b', count: 2 }, late)).not.toEqual(message);
});

test('a layout that is told before the reader first asks for its class is read as its own', () => {
  const pair = new Pair();
  encoded(pair.client.session, { label: 'plain' }, Node);
  pair.exchange();
  const bytes = encoded(pair.client.session, { label: 'x' }, Node);
  expect(bytes[0]).toBe(1);
  const heard = pair.server.session.decoder(Node, node.plan)(bytes, 0, bytes.length);
  expect(heard).toBeInstanceOf(Built);
  expect((heard as Built).value).toBeInstanceOf(Node);
});
