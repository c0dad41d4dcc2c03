import { expect, test } from 'vitest';
import { RandomUuids } from './random-uuids.js';

test('random ones are of version 4, and each is another', () => {
  const uuids = new RandomUuids();
  const made = Array.from({ length: 1_000 }, () => uuids.next());
  expect(new Set(made).size).toBe(1_000);
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  expect(made.filter((uuid) => !form.test(uuid))).toEqual([]);
});
