import { expect, test } from 'vitest';
import { UnderWay, type UnderWayEntry } from './under-way.js';

class Entry implements UnderWayEntry<Entry> {
  isUnderWay = false;
  nextUnderWay: Entry | undefined = undefined;
  previousUnderWay: Entry | undefined = undefined;
}

test('entries join and leave in any order, and leaving twice does nothing', () => {
  for (const order of ['012', '021', '102', '120', '201', '210']) {
    const underWay = new UnderWay<Entry>();
    const entries = [new Entry(), new Entry(), new Entry()];
    for (const entry of entries) underWay.add(entry);
    const left = new Set(entries);
    for (const index of order) {
      const entry = entries[Number(index)];
      if (entry === undefined) throw new Error('there are three');
      underWay.remove(entry);
      underWay.remove(entry);
      left.delete(entry);
      expect(new Set(underWay.all())).toEqual(left);
    }
    expect(underWay.empty).toBe(true);
  }
});

test('whoever waits is told when the last has left', async () => {
  const underWay = new UnderWay<Entry>();
  await underWay.emptied();
  const entries = [new Entry(), new Entry()];
  for (const entry of entries) underWay.add(entry);
  let told = 0;
  const waiting = [underWay.emptied(), underWay.emptied()].map((each) => each.then(() => (told += 1)));
  underWay.remove(entries[0] as Entry);
  await Promise.resolve();
  expect(told).toBe(0);
  underWay.remove(entries[1] as Entry);
  await Promise.all(waiting);
  expect(told).toBe(2);
});

test('a drain waits for what is under way, and cuts it short where it is aborted', async () => {
  const underWay = new UnderWay<Entry>();
  const cuts: string[] = [];
  const cut = (name: string) => () => {
    cuts.push(name);
    for (const entry of underWay.all()) underWay.remove(entry);
  };
  await underWay.drained(AbortSignal.abort(), cut('nothing is left to cut'));

  const [entry, abort] = [new Entry(), new AbortController()];
  underWay.add(entry);
  const finished = underWay.drained(abort.signal, cut('it ended in time'));
  underWay.remove(entry);
  await finished;
  abort.abort();
  expect(cuts).toEqual([]);

  underWay.add(entry);
  await underWay.drained(AbortSignal.abort(), cut('no time'));
  underWay.add(entry);
  const later = new AbortController();
  const cutShort = underWay.drained(later.signal, cut('time ran out'));
  later.abort();
  await cutShort;
  expect(cuts).toEqual(['no time', 'time ran out']);
});
