import assert from 'node:assert/strict';

/** A part of the fixture that may be absent, for the cases that cannot do without: they fail, they are never skipped. */
export function needed<T>(part: T | undefined, name: string): T {
  assert.ok(
    part !== undefined,
    `this case needs fixture.${name}: provide it, or list the case in knownFailing with the reason`,
  );
  return part;
}
