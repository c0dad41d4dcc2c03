import type { BuildPlan } from '@tenon/contract';
import type { Layout } from '@tenon/schema';
import { expect, test, vi } from 'vitest';
import { compileBuilder, type LayoutBuilder } from '../src/engine/layout-builder.js';
import { compileWriter } from '../src/engine/layout-writer.js';
import { layoutOf, msgpack, recordOf, written } from './layouts.js';
import { Line, linePlan, Order, order, orderLayout, orderPlan, planned, rule } from './orders.js';

const plain = msgpack();
const generateCode = true;

function built(layout: Layout, plan: BuildPlan, value: unknown): object | undefined {
  const bytes = written(compileWriter(layout, { generateCode }), value, plain);
  if (bytes === undefined) throw new Error('the value does not fit the layout');
  return builder(layout, plan)(bytes, 0, bytes.length, plain.decode);
}

function builder(layout: Layout, plan: BuildPlan): LayoutBuilder {
  const build = compileBuilder(layout, plan, { generateCode });
  if (build === undefined) throw new Error('the layout and the plan cannot be joined');
  return build;
}

class Box {
  f: unknown;
}

const boxPlan = (more: Partial<BuildPlan['fields'][number]> = {}, dropsUnknown = true): BuildPlan => ({
  dto: Box,
  dropsUnknown,
  fields: [planned('f', [], more)],
});

test('instances of the class and of those that it nests are built, with the fields that came and the defaults of others', () => {
  const given = order();
  const instance = built(orderLayout, orderPlan, given) as Order;
  expect(instance).toBeInstanceOf(Order);
  expect(instance.lines.every((line) => line instanceof Line)).toBe(true);
  expect({ ...instance, lines: instance.lines.map((line) => ({ ...line })) }).toEqual(given);

  delete given['state'];
  given['first'] = { sku: 'f', count: 0, price: 0.5 };
  const other = built(orderLayout, orderPlan, given) as Order;
  expect(other.state).toBe('new');
  expect(other.first).toBeInstanceOf(Line);
});

test('fields are set in the order of the plan, so that a class without declarations has one shape', () => {
  class Bare {}
  const plan: BuildPlan = { dto: Bare, dropsUnknown: true, fields: [planned('z', []), planned('a', [])] };
  const layout = layoutOf({ a: { kind: 'integer' }, z: { kind: 'integer' } });
  expect(Object.keys(built(layout, plan, { a: 1, z: 2 }) as object)).toEqual(['z', 'a']);
});

test.each([
  ['a rule of the class', { id: -1 }],
  ['a rule that narrows an enum', { state: 7 }],
  ['a rule that NaN breaks', { lines: [{ sku: 'a', count: 1, price: Number.NaN }] }],
  ['a rule of a nested class', { lines: [{ sku: '', count: 1, price: 1 }] }],
])('a value that breaks %s is not built', (_what, change) => {
  expect(built(orderLayout, orderPlan, { ...order(), ...change })).toBeUndefined();
});

test('null passes where the plan lets it, whatever the rules say, and else is judged by them', () => {
  const layout = layoutOf({ f: { nullable: true, type: { kind: 'string' } } });
  const isString = rule('isString', (value) => typeof value === 'string');
  expect(built(layout, boxPlan({ optional: true, tests: [isString] }), { f: null })).toEqual({ f: null });
  expect(built(layout, boxPlan({ tests: [isString] }), { f: null })).toBeUndefined();
  expect(built(layout, boxPlan({ tests: [] }), { f: null })).toEqual({ f: null });

  const nesting: Layout = {
    records: [recordOf({ f: { nullable: true, type: { kind: 'record', record: 1 } } }), orderLayout.records[1]!],
  };
  expect(built(nesting, boxPlan({ nested: () => linePlan }), { f: null })).toBeUndefined();
  expect(built(nesting, boxPlan({ nested: () => linePlan, optional: true }), { f: null })).toEqual({ f: null });
});

test('rules that the type alone keeps are not asked, and all others are, with the value and the instance', () => {
  const never = rule('isString', () => false);
  const layout = layoutOf({ f: { kind: 'string' } });
  expect(built(layout, boxPlan({ tests: [never] }), { f: 'x' })).toEqual({ f: 'x' });
  const holds = vi.fn(() => true);
  expect(built(layout, boxPlan({ tests: [{ rule: 'minLength', holds }, { holds }] }), { f: 'x' })).toEqual({ f: 'x' });
  expect(holds.mock.calls).toEqual([
    ['x', expect.any(Box)],
    ['x', expect.any(Box)],
  ]);
  // A rule for each item of an array has the name of the rule for one.
  const list = layoutOf({ f: { kind: 'array', items: { kind: 'string' } } });
  expect(built(list, boxPlan({ tests: [rule('isArray', () => false)] }), { f: [] })).toBeUndefined();
});

test('conversions come before the rules; one to undefined is left to the validator', () => {
  const layout = layoutOf({ f: { kind: 'any' } });
  const isDate = rule('isDate', (value: unknown) => value instanceof Date);
  const toDate = (value: unknown): unknown => new Date(value as string);
  const instance = built(layout, boxPlan({ convert: toDate, tests: [isDate] }), { f: '2020-01-01' }) as Box;
  expect(instance.f).toEqual(new Date('2020-01-01'));
  expect(built(layout, boxPlan({ convert: () => undefined }), { f: 1 })).toBeUndefined();
  // Judged as what it became, not as what it came as.
  const text = layoutOf({ f: { kind: 'string' } });
  const isString = rule('isString', (value) => typeof value === 'string');
  expect(built(text, boxPlan({ convert: () => 1, tests: [isString] }), { f: 'x' })).toBeUndefined();
});

test('a field that did not come is judged by its default', () => {
  const layout = layoutOf({ f: { optional: true, type: { kind: 'string' } } });
  const absent = vi.fn((value: unknown) => value === 'default');
  class Filled {
    f = 'default';
  }
  const plan = { ...boxPlan({ absent }), dto: Filled };
  expect(built(layout, plan, {})).toEqual({ f: 'default' });
  expect(built(layout, boxPlan({ absent }), {})).toBeUndefined();
  // So is one that the layout does not have.
  expect(built(layoutOf({}), plan, {})).toEqual({ f: 'default' });
  expect(built(layoutOf({}), boxPlan({ absent }), {})).toBeUndefined();
});

test('a field that the plan does not have is dropped where it may be, whatever it holds', () => {
  const layout: Layout = {
    records: [
      recordOf({ f: { kind: 'string' }, x: { kind: 'array', items: { kind: 'record', record: 1 } } }),
      recordOf({ a: { kind: 'integer' } }),
    ],
  };
  expect(built(layout, boxPlan(), { f: 'x', x: [{ a: 1 }] })).toEqual({ f: 'x' });
  expect(compileBuilder(layout, boxPlan({}, false), { generateCode })).toBeUndefined();
});

test('a layout and a plan that do not fit together have no builder', () => {
  const nested = () => linePlan;
  expect(compileBuilder(layoutOf({ f: { kind: 'string' } }), boxPlan({ nested }), { generateCode })).toBeUndefined();
  expect(compileBuilder(layoutOf({ f: { kind: 'any' } }), boxPlan({ nested }), { generateCode })).toBeUndefined();
  const record = layoutOf({ f: { kind: 'record', record: 0 } });
  expect(compileBuilder(record, boxPlan({ nested: () => undefined }), { generateCode })).toBeUndefined();
  // A plan that is another one at each asking has no end.
  const endless = (): BuildPlan => boxPlan({ nested: endless });
  expect(compileBuilder(record, endless(), { generateCode })).toBeUndefined();
  expect(compileBuilder(orderLayout, orderPlan, { generateCode: false })).toBeUndefined();
});

test('classes that nest themselves are built', () => {
  const plan: BuildPlan = boxPlan({ nested: () => plan, optional: true, absent: () => true });
  const layout = layoutOf({ f: { optional: true, type: { kind: 'array', items: { kind: 'record', record: 0 } } } });
  const tree = built(layout, plan, { f: [{ f: [] }, {}] }) as Box;
  expect((tree.f as Box[]).map((box) => [box instanceof Box, box.f])).toEqual([
    [true, []],
    [true, undefined],
  ]);
});

test('a constructor, a rule or a conversion that throws leaves the value to the validator', () => {
  const layout = layoutOf({ f: { kind: 'string' } });
  const fail = (): never => {
    throw new Error('no');
  };
  class Failing {
    constructor() {
      fail();
    }
  }
  expect(built(layout, { ...boxPlan(), dto: Failing }, { f: 'x' })).toBeUndefined();
  expect(built(layout, boxPlan({ tests: [{ holds: fail }] }), { f: 'x' })).toBeUndefined();
  expect(built(layout, boxPlan({ convert: fail }), { f: 'x' })).toBeUndefined();
});

test('a constructor may build another value with the same builder', () => {
  const layout: Layout = {
    records: [
      recordOf({ f: { kind: 'array', items: { kind: 'record', record: 1 } } }),
      recordOf({ f: { kind: 'string' } }),
    ],
  };
  const inner: unknown[] = [];
  class Nosy {
    f: unknown;
    constructor() {
      if (inner.length < 4) {
        inner.push(undefined);
        inner[inner.length - 1] = build(bytes, 0, bytes.length, plain.decode);
      }
    }
  }
  const nosyPlan: BuildPlan = { ...boxPlan(), dto: Nosy };
  const build = builder(layout, boxPlan({ nested: () => nosyPlan }));
  const value = { f: [{ f: 'one' }, { f: 'two' }] };
  const bytes = written(compileWriter(layout, { generateCode }), value, plain) as Buffer;
  expect(build(bytes, 0, bytes.length, plain.decode)).toEqual(value);
  expect(inner).toHaveLength(4);
  for (const one of inner) expect(one).toEqual(value);
});

test('names that would be code are data', () => {
  const names = ['`+globalThis.boom()+`', '"];boom();["', '*/boom();/*', '\u2028boom()\u2029', "'", '\\'];
  const layout = layoutOf(Object.fromEntries(names.map((name) => [name, { kind: 'integer' } as const])));
  const plan: BuildPlan = { dto: Box, dropsUnknown: true, fields: names.map((name) => planned(name, [])) };
  const value = Object.fromEntries(names.map((name, index) => [name, index]));
  expect(built(layout, plan, value)).toEqual({ f: undefined, ...value });
});
