import { expect, test } from 'vitest';
import { RecordCodes } from './record-codes.js';
import { ShapeTable } from './shape-table.js';

const table = (maxShapes = 64): ShapeTable => new ShapeTable(new RecordCodes(), maxShapes);

test('names become a shape when they are met a second time, and keep their number', () => {
  const shapes = table();
  expect(shapes.shapeOf({ a: 1 }, true)).toBeUndefined();
  expect(shapes.shapeOf({ a: 2 }, true)).toMatchObject({ number: 0, names: ['a'] });
  expect(shapes.shapeOf({ b: 1, a: 1 }, true)).toBeUndefined();
  expect(shapes.shapeOf({ a: 1, b: 1 }, true), 'the order counts').toBeUndefined();
  expect(shapes.shapeOf({ b: 1, a: 1 }, true)).toMatchObject({ number: 1, names: ['b', 'a'] });
  for (let turn = 0; turn < 3; turn += 1) {
    expect(shapes.shapeOf({ a: 1 }, true)?.number).toBe(0);
    expect(shapes.shapeOf({ b: 1, a: 1 }, turn === 1)?.number).toBe(1);
  }
  expect(shapes.size).toBe(2);
  expect(shapes.from(1).map(({ names }) => names)).toEqual([['b', 'a']]);
});

test('records that come in turn are foreseen, and so is a change of turn', () => {
  const shapes = table();
  const records = [{ a: 1, b: 2 }, { a: 1, c: 2 }, { d: 1 }, { a: 1, b: 2, c: 3 }];
  for (let turn = 0; turn < 4; turn += 1) {
    for (const record of turn % 2 === 0 ? records : records.toReversed()) {
      const shape = shapes.shapeOf(record, true);
      if (turn > 1) expect(shape?.names).toEqual(Object.keys(record));
    }
  }
});

test('what a record inherits does not make it one of another shape', () => {
  const shapes = table();
  for (let turn = 0; turn < 2; turn += 1) shapes.shapeOf({ own: 1, inherited: 2 }, true);
  const record = Object.assign(Object.create({ inherited: 2 }), { own: 1 });
  expect(shapes.shapeOf(record, false)).toBeUndefined();
  expect(shapes.shapeOf({ own: 1, inherited: 2 }, true)?.number).toBe(0);
});

test('at most so many shapes are kept, and those that there are stay known', () => {
  const shapes = table(3);
  for (let turn = 0; turn < 2; turn += 1)
    for (let at = 0; at < 10; at += 1) shapes.shapeOf({ [`n${at}`.repeat(at + 1)]: 1 }, true);
  expect(shapes.size).toBe(3);
  for (const { names } of shapes.from(0)) {
    expect(shapes.shapeOf(Object.fromEntries(names.map((name) => [name, 0])), true)?.names).toEqual(names);
  }
});

test('records without names, with too many, or with names that a peer would refuse have no shape', () => {
  const record = (names: readonly string[]): object =>
    Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, { value: 1, enumerable: true }])));
  const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}`);
  for (const [names, isShape] of [
    [[], false],
    [many(256), true],
    [many(257), false],
    [['x'.repeat(8_192)], true],
    [['x'.repeat(8_193)], false],
    [['é'.repeat(4_096)], true],
    [['é'.repeat(4_097)], false],
    [['a', '__proto__'], false],
    [['a', '\ud800'], false],
    [['a\udc00'], false],
    [['🙂'], true],
  ] as const) {
    const shapes = table();
    const found = [1, 2, 3].map(() => shapes.shapeOf(record(names), true) !== undefined);
    expect(found, names.join().slice(0, 20)).toEqual([false, isShape, isShape]);
  }
});
