import assert from 'node:assert/strict';

/**
 * Asserts that two values are the same data. Stricter than JSON and laxer than `deepStrictEqual`: a record may come back
 * with or without a prototype, a field that is `undefined` may be absent, -0 may be 0, and bytes may be of any
 * `Uint8Array`; everything else must match, the types of numbers included.
 */
export function assertSameData(actual: unknown, expected: unknown, path = 'value'): void {
  if (isSameScalar(actual, expected)) return;
  if (expected instanceof Uint8Array) {
    assert.ok(actual instanceof Uint8Array, `${path} is ${kindOf(actual)}, expected bytes`);
    assert.ok(Buffer.compare(actual, expected) === 0, `${path} has other bytes`);
  } else if (expected instanceof Date) {
    assert.ok(actual instanceof Date, `${path} is ${kindOf(actual)}, expected a Date`);
    assert.equal(actual.getTime(), expected.getTime(), path);
  } else if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${path} is ${kindOf(actual)}, expected an array`);
    assert.equal(actual.length, expected.length, `${path}.length`);
    expected.forEach((item, index) => {
      assertSameData(actual[index], item, `${path}[${index}]`);
    });
  } else if (typeof expected === 'object' && expected !== null) {
    assertSameRecord(actual, expected as Readonly<Record<string, unknown>>, path);
  } else {
    assert.fail(`${path} is ${shown(actual)}, expected ${shown(expected)}`);
  }
}

function assertSameRecord(actual: unknown, expected: Readonly<Record<string, unknown>>, path: string): void {
  const isRecord = typeof actual === 'object' && actual !== null && isPlain(actual);
  assert.ok(isRecord, `${path} is ${kindOf(actual)}, expected a record`);
  assert.deepEqual(definedKeys(actual), definedKeys(expected), `keys of ${path}`);
  for (const key of definedKeys(expected)) {
    assertSameData((actual as Record<string, unknown>)[key], expected[key], `${path}.${key}`);
  }
}

function isSameScalar(actual: unknown, expected: unknown): boolean {
  return actual === expected || Object.is(actual, expected);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function definedKeys(record: object): readonly string[] {
  return Object.entries(record)
    .filter(([, value]) => value !== undefined)
    .map(([key]) => key)
    .sort();
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? `an instance of ${value.constructor?.name ?? 'nothing'}` : `a ${typeof value}`;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return `${kindOf(value)} ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
}
