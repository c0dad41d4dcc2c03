import { Built } from '@tenon/contract';
import { compileDto } from '@tenon/validator-class';
import { IsString } from 'class-validator';
import { expect, test } from 'vitest';
import { Item, NewerOrder, Order, OtherOrder, order, SameOrder } from './classes.js';
import { encoded, Pair } from './linked-pair.js';

const plan = compileDto(Order).plan;

test('the first value of a class is plain, and those behind it have no names in them', () => {
  const pair = new Pair();
  const first = pair.say(order, Order, Order);
  expect(first.bytes[0]).toBe(0);
  expect(first.bytes.includes('customer')).toBe(true);
  expect(first.heard).toEqual(order);
  const second = pair.say(order, Order, Order);
  expect(second.bytes[0]).toBe(1);
  expect(second.bytes.includes('customer')).toBe(false);
  expect(second.bytes.length).toBeLessThan(first.bytes.length / 2);
  expect(second.heard).toEqual(order);
});

test('with the plan of a validator a value is checked and built while it is read, and left to the validator where it cannot be', () => {
  const pair = new Pair();
  expect(pair.say(order, Order, Order, plan).heard).toEqual(order);
  const { heard } = pair.say(order, Order, Order, plan);
  expect(heard).toBeInstanceOf(Built);
  const { value } = heard as Built;
  expect(value).toBeInstanceOf(Order);
  expect((value as Order).items[1]).toBeInstanceOf(Item);
  expect(value).toEqual(compileDto(Order).validate(order));

  const broken = { ...order, items: [{ ...order.items[0], id: -1 }] };
  const { bytes, heard: left } = pair.say(broken, Order, Order, plan);
  expect(bytes[0]).toBe(1);
  expect(left).toEqual(broken);
});

test('a class of the same fields in another order, in another process, is the same', () => {
  const pair = new Pair();
  // The server has met its own class before the client offers its one.
  pair.server.session.decoder(SameOrder);
  pair.say(order, Order, SameOrder);
  const { bytes, heard } = pair.say(order, Order, SameOrder);
  expect(bytes[0]).toBe(1);
  expect(heard).toEqual(order);
});

test('a reader that does not know the class is told it, once', () => {
  const pair = new Pair();
  pair.say(order, Order, NewerOrder);
  const { bytes, heard } = pair.say(order, Order, NewerOrder);
  expect(bytes[0]).toBe(1);
  // As plain would have brought it, the field that the newer class does not have included.
  expect(heard).toEqual(order);
  expect(pair.client.session.announce?.()).toBeUndefined();
  expect(pair.server.logger.warnings).toEqual([]);
});

test('a reader whose class does not fit has the writer go back to plain, names the field once, and still reads what is under way', () => {
  const pair = new Pair();
  pair.say(order, Order, OtherOrder);
  const underWay = [encoded(pair.client.session, order, Order), encoded(pair.client.session, order, Order)];
  for (const bytes of underWay) {
    expect(bytes[0]).toBe(1);
    expect(pair.server.session.decoder(OtherOrder)(bytes, 0, bytes.length)).toEqual(order);
  }
  pair.exchange();
  const { bytes, heard } = pair.say(order, Order, OtherOrder);
  expect(bytes[0]).toBe(0);
  expect(heard).toEqual(order);
  expect(pair.server.logger.warnings).toEqual([
    { message: expect.stringContaining('another version'), fields: expect.objectContaining({ field: 'customer' }) },
  ]);
});

test('a reader without a class gets plain data', () => {
  const pair = new Pair();
  pair.say(order, Order, undefined);
  expect(pair.say(order, Order, undefined).heard).toEqual(order);
});

test('a writer without a class writes plain', () => {
  const pair = new Pair();
  pair.say(order, undefined, Order);
  const { bytes, heard } = pair.say(order, undefined, Order);
  expect(bytes[0]).toBe(0);
  expect(heard).toEqual(order);
});

test.each([
  ['a field that the class does not have', { ...order, note: 'fragile' }],
  ['a field that is missing', { items: [] }],
  ['another type', { ...order, customer: 7 }],
  ['null', null],
  ['a list', [order]],
  ['nothing but a text', 'order'],
])('a value with %s goes plain by itself, and the next by its layout', (_what, odd) => {
  const pair = new Pair();
  pair.say(order, Order, Order);
  const { bytes, heard } = pair.say(odd, Order, Order, plan);
  expect(bytes[0]).toBe(0);
  expect(heard).toEqual(odd);
  expect(pair.say(order, Order, Order).bytes[0]).toBe(1);
});

test('classes beyond the 256th of a connection go plain', () => {
  const pair = new Pair();
  const classes = Array.from({ length: 258 }, (_, index) => {
    const one = { [`Class${index}`]: class {} }[`Class${index}`] as new () => object;
    IsString()(one.prototype as object, `field${index}`);
    return one;
  });
  for (const round of [0, 1]) {
    for (const [index, one] of classes.entries()) {
      const value = { [`field${index}`]: 'x' };
      const { bytes, heard } = pair.say(value, one, one);
      expect(heard).toEqual(value);
      if (round === 1) expect(bytes[0] === 0).toBe(index >= 256);
    }
  }
});
