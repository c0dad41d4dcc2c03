import { IsInt, IsNumber, IsString } from 'class-validator';
import {
  anything,
  choice,
  date,
  decimal,
  dictionary,
  field,
  flag,
  integer,
  list,
  type MadeFields,
  nested,
  nestedList,
  optional,
  text,
  tree,
  union,
  withDefault,
} from './made-classes.js';

const each = { each: true };
const inner: MadeFields = { sku: text('tenon-1', 'größe', ''), amount: integer(3, -1, 2 ** 40) };
const node: MadeFields = { label: text('root', 'twig', 'leaf') };
const base: MadeFields = {
  id: integer(1, -70_001, 2 ** 45),
  customer: text('Ada', 'Grace', ''),
  price: decimal(1.5, 2, -0.25),
  state: choice('new', 'sent', 'done'),
  note: optional(text('fragile')),
  counts: list(IsInt(each), [1, 2], [], [-3]),
  line: nested(inner),
  lines: nestedList(inner),
  tree: optional(tree(node)),
};

const with_ = (changed: MadeFields): MadeFields => ({ ...base, ...changed });
const without = (fields: MadeFields, name: string): MadeFields =>
  Object.fromEntries(Object.entries(fields).filter(([one]) => one !== name));

const circle: MadeFields = { radius: decimal(0.5) };
const square: MadeFields = { side: integer(4) };

/** Versions of one class, as a service has them over the years, by what became of the first. */
export const versions: Readonly<Record<string, MadeFields>> = {
  'the first': base,
  'its fields in another order': Object.fromEntries(Object.entries(base).reverse()),
  'a field more that may be left out': with_({ coupon: optional(text('SPRING')) }),
  'a field more that must be there': with_({ channel: text('web', 'phone') }),
  'a field more that has a default': with_({ channel: withDefault(text('web', 'phone'), 'web') }),
  'a flag more': with_({ express: flag() }),
  'a field less': without(base, 'price'),
  'an optional field less': without(base, 'note'),
  'a nested class less': without(base, 'line'),
  'an integer takes any number': with_({ id: decimal(1, 0.5, 2 ** 60) }),
  'a number takes integers alone': with_({ price: integer(2, 0, -7) }),
  'a text is one of some': with_({ customer: choice('Ada', 'Grace', 'Alan') }),
  'one of some is any text': with_({ state: text('new', 'lost', 'done') }),
  'an enum of more': with_({ state: choice('lost', 'new', 'sent', 'done') }),
  'an enum of fewer': with_({ state: choice('sent', 'new') }),
  'an enum of others': with_({ state: choice('open', 'shut', 'done') }),
  'an enum of numbers': with_({ state: choice(0, 1, 2.5) }),
  'an enum of texts and numbers': with_({ state: choice('new', 1, 'done') }),
  'a text is an integer': with_({ customer: integer(7, 0, -1) }),
  'an integer is a text': with_({ id: text('a-1', 'b-2') }),
  'one of some may be null': with_({ state: choice('new', null, 'done', 'sent') }),
  'a text may be left out': with_({ customer: optional(text('Ada')) }),
  'a text has a default': with_({ customer: withDefault(text('Ada', ''), 'nobody') }),
  'an optional field must be there': with_({ note: text('fragile', 'heavy') }),
  'a nested class may be left out': with_({ line: optional(nested(inner)) }),
  'a nested class has a field more that may be left out': with_({
    line: nested({ ...inner, lot: optional(text('L')) }),
  }),
  'a nested class has a field more that must be there': with_({ line: nested({ ...inner, lot: text('L', 'M') }) }),
  'a nested class has a field less': with_({ line: nested(without(inner, 'amount')) }),
  'an integer of a nested class takes any number': with_({ line: nested({ ...inner, amount: decimal(0.5, 2, -1) }) }),
  'a text of a nested class is an integer': with_({ line: nested({ ...inner, sku: integer(5, 6, 7) }) }),
  'a text of a nested class is one of some': with_({ line: nested({ ...inner, sku: choice('tenon-1', '') }) }),
  'items have a field more that must be there': with_({ lines: nestedList({ ...inner, lot: integer(1, 2, 3) }) }),
  'items have other texts': with_({ lines: nestedList({ ...inner, sku: choice('tenon-1', 'x', 'y') }) }),
  'a list of integers takes any numbers': with_({ counts: list(IsNumber({}, each), [1, 0.5], [], [-3]) }),
  'a list of integers is one of texts': with_({ counts: list(IsString(each), ['1'], [], ['x', 'y']) }),
  'a list is a single one': with_({ counts: integer(1, 2, 3) }),
  'a list of objects is a single one': with_({ lines: nested(inner) }),
  'an object is a list of them': with_({ line: nestedList(inner) }),
  'a tree has a field more that may be left out': with_({
    tree: optional(tree({ ...node, hue: optional(text('red')) })),
  }),
  'a tree has a field more that must be there': with_({ tree: tree({ ...node, weight: integer(1, 2, 3) }) }),
  'a tree has another field': with_({ tree: tree({ weight: integer(1, 2, 3) }) }),
  'a map more': with_({ rates: dictionary({ rate: decimal(0.5, 2) }) }),
  'a map of others': with_({ rates: dictionary({ rate: text('half', 'two') }) }),
  'a union more': with_({ shape: union({ circle, square }) }),
  'a union of more': with_({ shape: union({ circle, square, dot: { x: integer(1) } }) }),
  'a union of fewer': with_({ shape: union({ square }) }),
  'a date more': with_({ placed: date(new Date(1_700_000_000_123), new Date(-1)) }),
  'a date that is a text': with_({ placed: text('2023-11-14T22:13:20.123Z', 'soon') }),
  'an integer is anything': with_({ id: anything(1, 'one', [1]) }),
  'no decorators': Object.fromEntries(Object.entries(base).map(([name, { values }]) => [name, field(values)])),
};
