import { type Codec, type CodecSession, ServiceError } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import { afterEach, expect, test } from 'vitest';
import { type MsgpackCodecOptions, msgpackCodec } from './msgpack-codec.js';

const codecOf = (options?: MsgpackCodecOptions): Codec => (msgpackCodec(options).create as () => Codec)();
const codec = codecOf();

function linked(of = codec): Required<CodecSession> {
  return of.open({ linked: true }) as Required<CodecSession>;
}

function hexOf(session: CodecSession, value: unknown): string {
  const sink = new BufferSink(undefined, 1);
  session.encoder()(value, sink);
  return sink.bytes().toString('hex');
}

function announcementOf(session: CodecSession): string | undefined {
  const announcement = session.announce?.();
  return announcement === undefined ? undefined : Buffer.from(announcement).toString('hex');
}

function valueIn(session: CodecSession, hex: string): unknown {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  return session.decoder()(bytes, 0, bytes.length);
}

/** A session that has learned these lists of names. */
function learned(lists: readonly (readonly string[])[], of = codec): Required<CodecSession> {
  const session = linked(of);
  learn(session, [0, ...lists]);
  return session;
}

function learn(session: Required<CodecSession>, announcement: unknown): void {
  const bytes = Buffer.from(hexOf(codec.open(), announcement), 'hex');
  session.learn(bytes, 0, bytes.length);
}

function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ServiceError);
    const { code, executed, rawMessage } = thrown as ServiceError;
    expect([code, executed]).toEqual(['InvalidArgument', 'no']);
    return rawMessage;
  }
  return 'it was taken';
}

afterEach(() => {
  Reflect.deleteProperty(Object.prototype, 'inherited');
});

test('a conversation has these bytes', () => {
  const writer = linked();
  expect(hexOf(writer, { id: 1, name: 'a' })).toBe('82a2696401a46e616d65a161');
  expect(announcementOf(writer), 'met once').toBeUndefined();
  expect(hexOf(writer, { id: 2, name: 'b' }), 'not announced yet').toBe('82a2696402a46e616d65a162');
  expect(announcementOf(writer)).toBe('920092a26964a46e616d65');
  expect(announcementOf(writer), 'nothing new').toBeUndefined();
  expect(hexOf(writer, { id: 3, name: 'c' })).toBe('c10003a163');
  expect(hexOf(writer, [{ id: undefined, name: 'd' }])).toBe('91c100c1c1a164');
  expect(hexOf(writer, { tags: [], at: { id: 4, name: 'e' } })).toBe('82a47461677390a26174c10004a165');
  hexOf(writer, { tags: [], at: { id: 4, name: 'e' } });
  hexOf(writer, [{ x: 1 }, { x: 1 }]);
  expect(announcementOf(writer)).toBe('930192a474616773a2617491a178');
  expect(hexOf(writer, { tags: [{ x: 5 }], at: 6 })).toBe('c10191c1020506');

  const reader = linked();
  const announcement = Buffer.from('920092a26964a46e616d65', 'hex');
  reader.learn(announcement, 0, announcement.length);
  expect(valueIn(reader, 'c10003a163')).toStrictEqual({ id: 3, name: 'c' });
  expect(valueIn(reader, '91c100c1c1a164')).toStrictEqual([{ name: 'd' }]);
  expect(valueIn(reader, 'c100c10001a161c1c1')).toStrictEqual({ id: { id: 1, name: 'a' } });
});

test.each<[string, string, RegExp]>([
  ['a structure that was not announced', 'c102', /a structure that was not announced at byte 0/],
  ['one beyond all numbers', '91c1ff', /a structure that was not announced at byte 1/],
  ['an absent field in the place of a value', 'c1c1', /a structure that was not announced at byte 0/],
  ['an absent field in an array', '91c1c1', /not announced at byte 1/],
  ['an absent field in a map', '81a161c1c1', /not announced at byte 3/],
  ['a reference without its number', 'c1', /cut short at byte 0/],
  ['a structure with a value less', 'c10001', /cut short at byte 0/],
  ['a structure with half a value', 'c10001cd00', /cut short at byte 3/],
  ['a structure with half an absent field', 'c10001c1', /cut short at byte 3/],
  ['a structure with a value more', 'c100010203', /more than one value at byte 4/],
  ['more structures than bytes', 'c101c0', /cut short at byte 0/],
])('%s is refused', (_what, hex, message) => {
  const reader = learned([['a', 'b'], Array.from({ length: 200 }, (_, index) => `n${index}`)]);
  expect(refusalOf(() => valueIn(reader, hex))).toMatch(message);
  const around = Buffer.from(`c100${hex}c1c1c1c10000`, 'hex');
  expect(
    refusalOf(() => reader.decoder()(around, 2, 2 + hex.length / 2)),
    'with bytes around',
  ).toMatch(message);
});

test('a session that is not linked knows no structures, and has nothing to announce', () => {
  const { announce, learn: learns } = codec.open();
  expect([codec.links, announce, learns]).toEqual([true, undefined, undefined]);
  expect(codec.open({ linked: false })).toBe(codec.open());
  expect(refusalOf(() => valueIn(codec.open(), 'c10001'))).toMatch(/unused byte 0xc1/);
});

test.each<[string, unknown, RegExp]>([
  ['no array', { 0: ['a'] }, /that is no array/],
  ['no number', [['a']], /does not go on from structure 0/],
  ['a number that leaves some out', [1, ['a']], /does not go on from structure 0/],
  ['no structures', [0], /without structures/],
  ['a structure without names', [0, []], /without names/],
  ['something else as a structure', [0, { a: 1 }], /without names/],
  ['a name that is no string', [0, ['a', 1]], /no string/],
  ['the same name twice', [0, ['a', 'b', 'a']], /same name twice/],
  ['the name __proto__', [0, ['__proto__']], /the name __proto__/],
  ['257 names', [0, Array.from({ length: 257 }, (_, index) => `n${index}`)], /more than 256 names/],
  ['8,193 bytes of names', [0, ['x'.repeat(8_193)]], /more than 8192 bytes of names/],
  ['65 structures', [0, ...new Array(65).fill(['a'])], /more than 64 structures/],
  ['arrays in arrays', [0, [['a']]], /nesting of more than 2/],
  ['a megabyte', [0, ['x'.repeat(1_000_000)]], /of more than 573648 bytes$/],
])('an announcement with %s is refused, and nothing of it is learned', (_what, announcement, message) => {
  const reader = linked();
  expect(refusalOf(() => learn(reader, announcement))).toMatch(message);
  expect(refusalOf(() => valueIn(reader, 'c100c0'))).toMatch(/not announced/);
  learn(reader, [0, ['a']]);
  expect(valueIn(reader, 'c100c0')).toEqual({ a: null });
});

test('an announcement must go on where the last one ended, up to the 64th structure', () => {
  const reader = learned([['a'], ['b']]);
  expect(refusalOf(() => learn(reader, [0, ['c']]))).toMatch(/does not go on from structure 2/);
  expect(refusalOf(() => learn(reader, [3, ['c']]))).toMatch(/does not go on from structure 2/);
  learn(reader, [2, ...Array.from({ length: 62 }, (_, index) => [`n${index}`])]);
  expect(refusalOf(() => learn(reader, [64, ['x']]))).toMatch(/more than 64 structures/);
  expect(valueIn(reader, 'c13f07')).toEqual({ n61: 7 });
});

test('an announcement at all of its limits is made and learned', () => {
  const writer = linked();
  const names = (which: number): string[] =>
    Array.from({ length: 256 }, (_, index) => `${index}`.padEnd(30, '-') + String.fromCharCode(0x40 + which));
  for (let which = 0; which < 70; which += 1) {
    const record = Object.fromEntries(names(which).map((name) => [name, which]));
    for (let turn = 0; turn < 2; turn += 1) hexOf(writer, record);
  }
  const announcement = writer.announce() as Uint8Array;
  const reader = linked();
  reader.learn(announcement, 0, announcement.length);
  const last = Object.fromEntries(names(63).map((name) => [name, 1]));
  expect(hexOf(writer, last)).toBe(`c13f${'01'.repeat(256)}`);
  expect(valueIn(reader, hexOf(writer, last))).toStrictEqual(last);
  const beyond = Object.fromEntries(names(64).map((name) => [name, 1]));
  expect(hexOf(writer, beyond).slice(0, 2)).toBe('de');
});

test('structures count for depth and for the number of values like any record', () => {
  const small = codecOf({ maxDepth: 2, maxElements: 5 });
  const reader = learned([['a'], ['a', 'b']], small);
  expect(valueIn(reader, 'c100c10001')).toEqual({ a: { a: 1 } });
  expect(refusalOf(() => valueIn(reader, 'c100c100c10001'))).toMatch(/nesting of more than 2 at byte 4/);
  expect(valueIn(reader, 'c101c1010102c1c1')).toEqual({ a: { a: 1, b: 2 } });
  expect(refusalOf(() => valueIn(reader, 'c101c1010102c1010102'))).toMatch(/more than 5 values at byte 6/);
  const writer = linked(small);
  for (let turn = 0; turn < 2; turn += 1) hexOf(writer, { a: { a: 1 } });
  writer.announce();
  expect(hexOf(writer, { a: { a: 1 } })).toBe('c100c10001');
  expect(refusalOf(() => hexOf(writer, { a: { a: { a: 1 } } }))).toMatch(
    /the value at \.a\.a is nested more than 2 deep/,
  );
});

test('depth is counted through fields that are absent, and through those beyond the sixteenth', () => {
  const wide = Array.from({ length: 20 }, (_, index) => `n${index}`);
  const reader = learned([['a', 'b'], wide]);
  const absentThenDeep = 'c100c1c1';
  const deepInTheLast = `c101${'00'.repeat(19)}`;
  for (const opening of [absentThenDeep, deepInTheLast]) {
    expect(valueIn(reader, `${opening.repeat(64)}00`)).toBeTypeOf('object');
    expect(refusalOf(() => valueIn(reader, `${opening.repeat(65)}00`))).toMatch(/nesting of more than 64/);
  }
});

test('100,000 structures inside each other are refused without overflowing the stack', () => {
  const reader = learned([['a']]);
  expect(refusalOf(() => valueIn(reader, 'c100'.repeat(100_000)))).toMatch(/nesting of more than 64/);
});

test('a message of structures cut at any byte is refused', () => {
  const reader = learned([['a', 'b', 'c']]);
  const hex = 'c10001c1c1c100a161cb3ff8000000000000c100c1c1c0c1c1';
  expect(valueIn(reader, hex)).toEqual({ a: 1, c: { a: 'a', b: 1.5, c: { b: null } } });
  for (let kept = 0; kept < hex.length; kept += 2) {
    expect(refusalOf(() => valueIn(reader, hex.slice(0, kept)))).toMatch(/cut short/);
  }
});

test('what a record inherits is never written, also where everything inherits it', () => {
  const writer = linked();
  for (let turn = 0; turn < 3; turn += 1) hexOf(writer, { own: 1, inherited: 2 });
  writer.announce();
  Object.defineProperty(Object.prototype, 'inherited', {
    value: 9,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  expect(hexOf(writer, { own: 1 })).toBe(hexOf(linked(), { own: 1 }));
  expect(hexOf(writer, Object.assign(Object.create({ inherited: 3 }), { own: 1 }))).toBe('81a36f776e01');
  expect(hexOf(writer, { own: 1, inherited: 2 })).toBe('c1000102');
});

test('instances, records without prototype and proxies share the structures of plain records', () => {
  class Point {
    constructor(
      readonly x: number,
      readonly y: number,
    ) {}
  }
  const writer = linked();
  for (let turn = 0; turn < 2; turn += 1) hexOf(writer, new Point(1, 2));
  writer.announce();
  expect(hexOf(writer, new Point(3, 4))).toBe('c1000304');
  expect(hexOf(writer, { x: 5, y: 6 })).toBe('c1000506');
  expect(hexOf(writer, Object.assign(Object.create(null), { x: 5, y: 6 }))).toBe('c1000506');
  expect(hexOf(writer, new Proxy({ x: 7, y: 8 }, {}))).toBe('c1000708');
});

test('a field that goes away while the record is written is left out, as it is alone', () => {
  const shrinking = () => ({
    get first() {
      Reflect.deleteProperty(this, 'second');
      return 1;
    },
    second: 2,
    third: 3,
  });
  const writer = linked();
  const reader = linked();
  for (let turn = 0; turn < 4; turn += 1) {
    expect(valueIn(reader, hexOf(writer, shrinking()))).toStrictEqual({ first: 1, third: 3 });
    const announcement = writer.announce();
    if (announcement !== undefined) reader.learn(announcement, 0, announcement.length);
  }
});

test('a refusal inside a structure says where, and the next value is whole again', () => {
  const writer = linked();
  for (let turn = 0; turn < 2; turn += 1) hexOf(writer, { items: [{ id: 1, price: 2 }] });
  writer.announce();
  expect(refusalOf(() => hexOf(writer, { items: [{ id: 1, price: () => 2 }] }))).toMatch(
    /at \.items\[0\]\.price is a function/,
  );
  expect(hexOf(writer, { items: [{ id: 1, price: 2 }] })).toBe('c10091c1010102');
  expect(hexOf(writer, { items: [{ id: 1, price: undefined }] })).toBe('c10091c10101c1c1');
});

test('a getter that fails to write another value does not spoil the count of fields left out', () => {
  for (const writer of [linked(), codec.open()]) {
    const value = (turn: number) => ({
      before: undefined,
      get nested() {
        expect(refusalOf(() => hexOf(writer, { before: 1, nested: { a: 1, b: 2, c: () => 1 }, after: 2 }))).toMatch(
          /function/,
        );
        return turn;
      },
      after: undefined,
    });
    for (let turn = 0; turn < 4; turn += 1) expect(hexOf(writer, value(turn))).toBe(`81a66e65737465640${turn}`);
  }
});
