import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { TurnQueue } from './turn-queue.js';

/** Goes on when the event loop has had one more turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('does one task in each turn of the event loop, in order', async () => {
  const queue = new TurnQueue(100);
  const done: number[] = [];
  for (let task = 0; task < 600; task += 1) queue.add({ takeTurn: () => void done.push(task) }, 0);
  for (let turns = 1; turns <= 600; turns += 1) {
    await turn();
    expect(done.length).toBe(turns);
  }
  expect(done).toEqual([...done].sort((one, other) => one - other));
});

test('goes on with what is added later, also by a task', async () => {
  const queue = new TurnQueue(100);
  const done: string[] = [];
  queue.add({ takeTurn: () => queue.add({ takeTurn: () => void done.push('inner') }, 1) }, 1);
  await turn();
  await turn();
  queue.add({ takeTurn: () => void done.push('later') }, 1);
  await turn();
  expect(done).toEqual(['inner', 'later']);
});

test('is full while more waits than it should, and tells once when there is room again', async () => {
  const queue = new TurnQueue(100);
  const nothing = { takeTurn: () => {} };
  queue.add(nothing, 60);
  expect(queue.isFull).toBe(false);
  queue.add(nothing, 60);
  queue.add(nothing, 60);
  expect(queue.isFull).toBe(true);
  let told = 0;
  queue.awaitRoom(() => {
    told += 1;
  });
  await turn();
  expect([queue.isFull, told]).toEqual([true, 0]);
  await turn();
  expect([queue.isFull, told]).toEqual([false, 1]);
  await turn();
  expect(told).toBe(1);
});

test('keeps nothing of a task that is done, also while others wait', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const queue = new TurnQueue(100);
  const task = (): { takeTurn(): void } => ({ takeTurn: () => {} });
  const first = new WeakRef(
    (() => {
      const made = task();
      queue.add(made, 1);
      return made;
    })(),
  );
  for (let more = 0; more < 100; more += 1) queue.add(task(), 1);
  await turn();
  await turn();
  collect();
  expect(first.deref()).toBeUndefined();
});
