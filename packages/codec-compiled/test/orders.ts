import type { BuildField, BuildPlan, BuildTest } from '@tenon/contract';
import type { Layout } from '@tenon/schema';
import { recordOf } from './layouts.js';

/** A class with fields of every kind, and one that it nests. */
export class Line {
  sku!: string;
  count!: number;
  price!: number;
  note?: string;
}

export class Order {
  id!: number;
  customer!: string;
  paid!: boolean;
  state: string = 'new';
  placed!: Date;
  lines!: Line[];
  first?: Line | null;
  digest!: Uint8Array;
  total!: bigint;
  labels?: Record<string, number>;
  extra?: unknown;
}

export const orderLayout: Layout = {
  records: [
    recordOf({
      id: { kind: 'integer' },
      customer: { kind: 'string' },
      paid: { kind: 'boolean' },
      state: { optional: true, type: { kind: 'enum', values: ['new', 'sent', 7] } },
      placed: { kind: 'date' },
      lines: { kind: 'array', items: { kind: 'record', record: 1 } },
      first: { optional: true, nullable: true, type: { kind: 'record', record: 1 } },
      digest: { kind: 'bytes' },
      total: { kind: 'bigint' },
      labels: { optional: true, type: { kind: 'map', values: { kind: 'number' } } },
      extra: { optional: true, type: { kind: 'any' } },
    }),
    recordOf({
      sku: { kind: 'string' },
      count: { kind: 'integer' },
      price: { kind: 'number' },
      note: { optional: true, type: { kind: 'string' } },
    }),
  ],
};

/** As a decoder gives it. */
export function order(): Record<string, unknown> {
  return {
    id: 70_001,
    customer: 'Ada Lovelace',
    paid: true,
    state: 'sent',
    placed: new Date(1_700_000_000_123),
    lines: [
      { sku: 'tenon-1', count: 3, price: 12.5, note: 'grüße' },
      { sku: 'mortise', count: 1, price: 7 },
    ],
    first: null,
    digest: Uint8Array.of(0, 1, 254, 255),
    total: 2n ** 60n,
    labels: { a: 1, constructor: 0.5 },
    extra: { deep: [1, 'two', null] },
  };
}

/** A rule that is given its name only where the value's type alone may keep it. */
export function rule(name: string, holds: (value: never) => boolean): BuildTest {
  return { rule: name, holds: holds as (value: unknown) => boolean };
}

/** A field of a plan. */
export function planned(name: string, tests: readonly BuildTest[], more: Partial<BuildField> = {}): BuildField {
  return { name, tests, optional: false, absent: () => false, ...more };
}

const isString = rule('isString', (value) => typeof value === 'string');
const isInt = rule('isInt', (value) => Number.isInteger(value));
const isNumber = rule('isNumber', (value) => Number.isFinite(value));
const atLeast0 = rule('min', (value) => typeof value === 'number' && value >= 0);
const may: Partial<BuildField> = { optional: true, absent: () => true };

export const linePlan: BuildPlan = {
  dto: Line,
  dropsUnknown: true,
  fields: [
    planned('sku', [isString, rule('minLength', (value: string) => value.length > 0)]),
    planned('count', [isInt, atLeast0]),
    planned('price', [isNumber]),
    planned('note', [isString], may),
  ],
};

export const orderPlan: BuildPlan = {
  dto: Order,
  dropsUnknown: true,
  fields: [
    planned('id', [isInt, atLeast0]),
    planned('customer', [isString]),
    planned('paid', [rule('isBoolean', (value) => typeof value === 'boolean')]),
    planned('state', [rule('isIn', (value: never) => ['new', 'sent'].includes(value))], may),
    planned('placed', [rule('isDate', (value: unknown) => value instanceof Date)]),
    planned('lines', [rule('isArray', (value) => Array.isArray(value))], { nested: () => linePlan }),
    planned('first', [], { ...may, nested: () => linePlan }),
    planned('digest', []),
    planned('total', []),
    planned('labels', [], may),
    planned('extra', [], may),
  ],
};

/** Whether an instance is one that the plan's rules accept, judged anew and from outside. */
export function isGood(instance: unknown, plan: BuildPlan): boolean {
  if (!(instance instanceof plan.dto)) return false;
  return plan.fields.every((field) => {
    const value = (instance as Record<string, unknown>)[field.name];
    if (value === undefined) return field.absent(undefined, instance as object);
    if (value === null) return field.optional;
    const inner = field.nested?.();
    const items = Array.isArray(value) ? value : [value];
    if (inner !== undefined && !items.every((item) => isGood(item, inner))) return false;
    return field.tests.every((test) => test.holds(value, instance as object));
  });
}
