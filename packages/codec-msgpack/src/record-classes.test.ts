import { expect, test } from 'vitest';
import { RecordClasses } from './record-classes.js';

test('classes of the application are learned, with those that they extend, and nothing that the engine provides', () => {
  class Order {
    readonly id = 1;
  }
  class Express extends Order {}
  class Lookup extends Map {}
  class Failure extends Error {}
  const odd = Object.create({ inherited: 1 });
  const classes = new RecordClasses();
  const learns = (value: object): boolean => {
    const prototype: object = Object.getPrototypeOf(value);
    expect(classes.has(prototype), 'not before').toBe(false);
    classes.add(prototype);
    return classes.has(prototype);
  };
  expect([new Order(), new Express()].map(learns)).toEqual([true, true]);
  const refused = [
    new Map(),
    new Lookup(),
    new Set(),
    new Failure(),
    Promise.resolve(),
    /x/,
    new Date(),
    new Uint8Array(1),
    new DataView(new ArrayBuffer(1)),
    new WeakMap(),
    Object(1),
    odd,
    Object.create({ constructor: Order }),
    Object.create(Map.prototype),
    Object.create(Object.create(null)),
  ];
  expect(refused.map(learns)).toEqual(refused.map(() => false));
});
