import { expect, test } from 'vitest';
import { type FieldReader, type RecordCode, recordCode } from './record-code.js';
import { RecordCodes } from './record-codes.js';

const listsOfNames = [0, 1, 2, 15, 16, 17, 40].map((length) => Array.from({ length }, (_, index) => `n${index}`));

/** The codes of one list: the function itself, and a copy of it. */
function both(names: readonly string[]): readonly RecordCode[] {
  return [recordCode(names), new RecordCodes().of(names)];
}

test('a record matches its own names in their order and nothing else', () => {
  for (const names of listsOfNames) {
    const record = Object.fromEntries(names.map((name) => [name, 1]));
    for (const code of both(names)) {
      expect(code.matches(record)).toBe(true);
      expect(code.matches({ ...record, more: 1 })).toBe(false);
      expect(code.matches(Object.fromEntries(names.slice(1).map((name) => [name, 1])))).toBe(names.length === 0);
      if (names.length > 1)
        expect(code.matches(Object.fromEntries(names.toReversed().map((name) => [name, 1])))).toBe(false);
    }
  }
});

test('each field is handed over once, in order, with its number', () => {
  for (const names of listsOfNames.slice(1)) {
    for (const code of both(names)) {
      const seen: unknown[] = [];
      const record = Object.fromEntries(names.map((name, index) => [name, index * 2]));
      const field = (shape: string, at: number, value: unknown, depth: number) => seen.push([shape, at, value, depth]);
      code.write({ field, failed: (thrown) => thrown }, 'shape', record, 7);
      expect(seen).toEqual(names.map((_, index) => ['shape', index, index * 2, 7]));
    }
  }
});

test('a field that cannot be written is named', () => {
  for (const names of listsOfNames.slice(1)) {
    for (const code of both(names)) {
      names.forEach((name, failing) => {
        const field = (_: unknown, at: number): void => {
          if (at === failing) throw new Error('refused');
        };
        const failed = (thrown: unknown, at: string) => new Error(`${(thrown as Error).message} at ${at}`);
        expect(() => code.write({ field, failed }, undefined, {}, 1)).toThrow(`refused at ${name}`);
      });
    }
  }
});

test('a record is read field by field, and from the first that is not next the reader reads the rest', () => {
  for (const names of listsOfNames.slice(1)) {
    for (const code of both(names)) {
      for (let stop = 0; stop <= names.length; stop += 1) {
        let next = 0;
        const reader: FieldReader<string> = {
          isNext: (shape, field) => shape === 'shape' && field === next && field < stop,
          value: (depth) => depth * 100 + next++,
          rest: (_, field, record) => ({ ...record, rest: field }),
        };
        const kept = Math.min(stop, 16);
        const expected = Object.fromEntries(names.slice(0, kept).map((name, index) => [name, 300 + index]));
        const isWhole = kept === names.length;
        expect(code.read(reader, 'shape', 3)).toStrictEqual(isWhole ? expected : { ...expected, rest: kept });
      }
    }
  }
});

test('a list of names has one copy, and each list its own', () => {
  const codes = new RecordCodes();
  expect(codes.of(['a', 'b'])).toBe(codes.of(['a', 'b']));
  expect(codes.of(['a', 'b'])).not.toBe(codes.of(['a,b']));
  expect(codes.of(['a', 'b']).read).not.toBe(codes.of(['b', 'a']).read);
});

test('beyond so many lists no more copies are kept, and those that there are stay', () => {
  const codes = new RecordCodes();
  const first = codes.of(['first']);
  for (let index = 0; index < 300; index += 1) expect(codes.of([`n${index}`]).matches({ [`n${index}`]: 1 })).toBe(true);
  expect(codes.of(['first'])).toBe(first);
  expect(codes.of(['n299'])).not.toBe(codes.of(['n299']));
});

test('names are never a part of the code, whatever they say', () => {
  const hostile = ['`+process.exit(1)+`', "']; process.exit(1); ['", '\\', '\n', '*/', '\u2028', 'constructor', ''];
  const record = Object.fromEntries(hostile.map((name) => [name, 1]));
  const code = new RecordCodes().of(hostile);
  expect(code.matches(record)).toBe(true);
  expect(code.read.toString()).toBe(recordCode(['a']).read.toString());
  expect(code.read({ isNext: () => true, value: () => 1, rest: () => ({}) }, undefined, 1)).toStrictEqual(record);
});

test('a copy is its own evaluation, and where the text does not stand alone the original does it', () => {
  const stackOf = (codes: RecordCodes): string => {
    const failing = () => {
      throw new Error('here');
    };
    try {
      codes.of(['a']).read({ isNext: failing, value: () => 1, rest: () => ({}) }, undefined, 1);
      return 'nothing was thrown';
    } catch (thrown) {
      return (thrown as Error).stack ?? '';
    }
  };
  expect(stackOf(new RecordCodes())).toContain('tenon-record-code.js');
  const instrumented = String(recordCode).replace('{', '{ somethingOfTheToolsOwn();');
  const ofAnotherRealm = String(recordCode).replace('const record = {};', 'const record = Object.create({});');
  expect(ofAnotherRealm).not.toBe(String(recordCode));
  for (const text of [instrumented, ofAnotherRealm, 'no code', '() => ({})']) {
    expect(stackOf(new RecordCodes(text))).toContain('Error: here');
    expect(stackOf(new RecordCodes(text))).not.toContain('tenon-record-code.js');
    expect(new RecordCodes(text).of(['a', 'b']).matches({ a: 1, b: 2 })).toBe(true);
  }
});
