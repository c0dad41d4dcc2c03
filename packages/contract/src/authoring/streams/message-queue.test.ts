import { expect, test } from 'vitest';
import { ServiceError } from '../../service-error.js';
import { MessageQueue } from './message-queue.js';

function queueWith() {
  const heard: string[] = [];
  const queue = new MessageQueue({
    decode: (bytes) => {
      if (bytes.length === 0) throw new ServiceError('InvalidArgument', 'empty');
      return bytes.toString();
    },
    pause: () => heard.push('pause'),
    resume: () => heard.push('resume'),
    onLeft: () => heard.push('left'),
  });
  return { queue, heard };
}

const gone = new ServiceError('Unavailable', 'gone');
const message = (text: string): Buffer => Buffer.from(text);

test('messages are read in order, those that wait and those that are waited for, and then the end', async () => {
  const { queue, heard } = queueWith();
  queue.push(message('a'));
  queue.push(message('b'));
  expect([await queue.next(), await queue.next()]).toEqual([
    { value: 'a', done: false },
    { value: 'b', done: false },
  ]);
  const waiting = [queue.next(), queue.next(), queue.next()];
  queue.push(message('c'));
  queue.push(message('d'));
  queue.end();
  expect((await Promise.all(waiting)).map(({ value }) => value)).toEqual(['c', 'd', undefined]);
  queue.push(message('late'));
  expect((await queue.next()).done).toBe(true);
  expect(heard).toEqual([]);
});

test('an error of the peer comes after what it sent, once', async () => {
  const { queue } = queueWith();
  queue.push(message('a'));
  queue.fail(gone, false);
  expect((await queue.next()).value).toBe('a');
  await expect(queue.next()).rejects.toBe(gone);
  expect((await queue.next()).done).toBe(true);
});

test('the end of the call comes at once, to a reader that waits too', async () => {
  const one = queueWith();
  one.queue.push(message('a'));
  one.queue.fail(gone, true);
  await expect(one.queue.next()).rejects.toBe(gone);
  const other = queueWith();
  const waiting = other.queue.next();
  other.queue.fail(gone, true);
  await expect(waiting).rejects.toBe(gone);
});

test('its source is paused while too much waits, and goes on when most of it was read', async () => {
  const { queue, heard } = queueWith();
  for (let count = 0; count < 64; count += 1) queue.push(Buffer.alloc(1_024, 'x'));
  expect(heard).toEqual(['pause']);
  for (let count = 0; count < 47; count += 1) await queue.next();
  expect(heard).toEqual(['pause']);
  for (let count = 0; count < 3; count += 1) await queue.next();
  expect(heard).toEqual(['pause', 'resume']);
});

test('many tiny messages count for more than their bytes', () => {
  const { queue, heard } = queueWith();
  for (let count = 0; count < 1_100; count += 1) queue.push(message('x'));
  expect(heard).toEqual(['pause']);
});

test('a reader that leaves before the end is told to the source, once; one that has read all is not', async () => {
  const left = queueWith();
  left.queue.push(message('a'));
  left.queue.push(message('b'));
  for await (const value of left.queue) {
    expect(value).toBe('a');
    break;
  }
  await left.queue.return();
  expect(left.heard).toEqual(['left']);
  expect((await left.queue.next()).done).toBe(true);
  const whole = queueWith();
  whole.queue.push(message('a'));
  whole.queue.end();
  await whole.queue.next();
  await whole.queue.return();
  expect(whole.heard).toEqual([]);
});

test('leaving a paused source lets it go on, so that it can come to its end', async () => {
  const { queue, heard } = queueWith();
  for (let count = 0; count < 64; count += 1) queue.push(Buffer.alloc(1_024, 'x'));
  await queue.return();
  expect(heard).toEqual(['pause', 'resume', 'left']);
});

test('a message that cannot be decoded ends the iteration, waited for or not', async () => {
  for (const waits of [true, false]) {
    const { queue, heard } = queueWith();
    const early = waits ? queue.next() : undefined;
    queue.push(message(''));
    await expect(early ?? queue.next()).rejects.toMatchObject({ code: 'InvalidArgument' });
    expect((await queue.next()).done).toBe(true);
    expect(heard).toEqual(['left']);
  }
});
