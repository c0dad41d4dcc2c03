import { expect, test } from 'vitest';
import { slotOf, turnOf } from './frame.js';
import { SlotTable } from './slot-table.js';

test('a slot is used again with its next turn, and old ids find nobody', () => {
  const table = new SlotTable<{ id: number }>();
  const first = table.take();
  table.put(first, { id: first });
  expect([slotOf(first), turnOf(first)]).toEqual([0, 1]);
  const second = table.take();
  table.put(second, { id: second });
  expect(slotOf(second)).toBe(1);
  table.release(first);
  const third = table.take();
  table.put(third, { id: third });
  expect([slotOf(third), turnOf(third)]).toEqual([0, 2]);
  expect(table.find(first)).toBeUndefined();
  expect(table.find(third)?.id).toBe(third);
  expect(table.users().map(({ id }) => id)).toEqual([third, second]);
  expect([table.wasUsed(first), table.wasUsed(7)]).toEqual([true, false]);
});

test('a turn of which the server never heard is taken again', () => {
  const table = new SlotTable<{ id: number }>();
  const id = table.take();
  table.put(id, { id });
  table.unuse(id);
  expect(table.wasUsed(id)).toBe(false);
  expect(table.take()).toBe(id);
});

test('after 65,535 turns comes the first again, so that no call has the id 0', () => {
  const table = new SlotTable<{ id: number }>();
  const turns = new Set<number>();
  for (let use = 0; use < 65_536; use += 1) {
    const id = table.take();
    expect(id).not.toBe(0);
    turns.add(turnOf(id));
    table.put(id, { id });
    table.release(id);
  }
  expect(turns.size).toBe(65_535);
  const id = table.take();
  expect([turnOf(id), table.wasUsed(id)]).toEqual([2, true]);
});
