import { expect, test } from 'vitest';
import { type Placed, RunningCalls } from './running-calls.js';

test('has what was added and not taken out, whichever goes first', () => {
  const calls = new RunningCalls<Placed & { readonly name: string }>();
  const [one, two, three] = ['one', 'two', 'three'].map((name) => ({ name, place: -1 }));
  const names = () => [...calls.all()].map(({ name }) => name).sort();
  if (one === undefined || two === undefined || three === undefined) throw new Error('there are three');
  for (const call of [one, two, three]) calls.add(call);
  calls.remove(one);
  expect([names(), calls.size, one.place]).toEqual([['three', 'two'], 2, -1]);
  calls.remove(three);
  calls.add(one);
  expect(names()).toEqual(['one', 'two']);
  calls.remove(two);
  calls.remove(one);
  expect([names(), calls.size]).toEqual([[], 0]);
});

test('the list of all stays as it was while calls end', () => {
  const calls = new RunningCalls<Placed>();
  for (let count = 0; count < 3; count += 1) calls.add({ place: -1 });
  for (const call of calls.all()) calls.remove(call);
  expect(calls.size).toBe(0);
});
