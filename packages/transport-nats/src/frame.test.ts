import { ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { framePart, frameTypes, headAndBody, headed, numbersContent, numbersIn, partsOf } from './frame.js';
import { FrameAssembly, PartBudget } from './frame-assembly.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const parts = (type: number, content: Uint8Array, maxPayload: number) => [...partsOf(type, content, maxPayload)];

test('the bytes are those of docs/wire/nats-transport.md', () => {
  expect(parts(frameTypes.end, Buffer.alloc(0), 1_024).map(hex)).toEqual(['010300']);
  expect(parts(frameTypes.credit, numbersContent([131_072]), 1_024).map(hex)).toEqual(['01040000020000']);
  expect(parts(frameTypes.message, Buffer.from('abcdef'), 5).map(hex)).toEqual([
    '0102016162',
    '0102036364',
    '0102026566',
  ]);
  expect(hex(headed({ a: 1 }, Buffer.from('!')))).toBe(`00000007${hex(Buffer.from('{"a":1}'))}21`);
});

test.each([0, 1, 996, 997, 998, 5_000])('a frame of %d bytes is parted, and joined again', (bytes) => {
  const content = Buffer.alloc(bytes, 'x');
  const assembly = new FrameAssembly(10_000, new PartBudget(10_000));
  const sent = parts(frameTypes.message, content, 1_000);
  expect(sent).toHaveLength(Math.max(1, Math.ceil(bytes / 997)));
  const taken = sent.map((part) => assembly.take(framePart(part) ?? expect.fail('no frame')));
  const whole = taken.pop();
  expect(taken.every((frame) => frame === undefined)).toBe(true);
  expect(whole?.type).toBe(frameTypes.message);
  expect(Buffer.compare(Buffer.from(whole?.content ?? []), content)).toBe(0);
});

test.each([
  ['nothing', ''],
  ['another version', '020300'],
  ['no flags', '0103'],
  ['flags that there are not', '010304'],
  ['a type that there is not', '010e00'],
  ['the type nought', '010000'],
  ['text', hex(Buffer.from('hello'))],
])('%s is no frame', (_what, bytes) => {
  expect(framePart(Buffer.from(bytes, 'hex'))).toBeUndefined();
});

test.each([
  ['no length', '0000'],
  ['a length beyond its end', '00000009616263'],
  ['an enormous length', 'ffffffff616263'],
  ['no JSON', '00000003616263'],
  ['a list', '000000025b5d'],
  ['null', '000000046e756c6c'],
])('a head with %s is refused as malformed', (_what, bytes) => {
  const error = thrownBy(() => headAndBody(Buffer.from(bytes, 'hex')));
  expect([error.code, error.executed]).toEqual(['InvalidArgument', 'no']);
});

test('a middle without a beginning is left out, and so is one of another type', () => {
  const assembly = new FrameAssembly(1_000, new PartBudget(1_000));
  const [first, second] = parts(frameTypes.message, Buffer.from('abcdef'), 6);
  const other = parts(frameTypes.reply, Buffer.from('abcdef'), 6)[1];
  expect(assembly.take(framePart(second as Uint8Array) as never)).toBeUndefined();
  expect(assembly.isBegun).toBe(false);
  expect(assembly.take(framePart(first as Uint8Array) as never)).toBeUndefined();
  expect(assembly.take(framePart(other as Uint8Array) as never)).toBeUndefined();
  expect(Buffer.from(assembly.take(framePart(second as Uint8Array) as never)?.content ?? []).toString()).toBe('abcdef');
});

test('what is over the limit, or over what all may hold, is refused and given back', () => {
  const budget = new PartBudget(10);
  const [one, other] = [new FrameAssembly(8, budget), new FrameAssembly(8, budget)];
  const part = (bytes: number, continues = false) => ({
    type: 2,
    content: Buffer.alloc(bytes),
    continues,
    hasMore: true,
  });
  one.take(part(6));
  expect(thrownBy(() => other.take(part(6))).refusal).toBe('overloaded');
  expect(thrownBy(() => one.take(part(3, true))).message).toContain('over the limit of 8');
  other.take(part(8));
  other.drop();
  one.take(part(8));
});

test('numbers are four bytes each, and half of one is none', () => {
  expect(numbersIn(numbersContent([0, 1, 2 ** 32 - 1]))).toEqual([0, 1, 2 ** 32 - 1]);
  expect(numbersIn(Buffer.from('00000001000000', 'hex'))).toEqual([1]);
});

function thrownBy(body: () => unknown): ServiceError {
  try {
    body();
  } catch (thrown) {
    return ServiceError.from(thrown);
  }
  throw new Error('nothing was thrown');
}
