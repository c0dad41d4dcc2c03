import { describe, expect, test } from 'vitest';
import { collected, FedMessages } from '../../test/fed-messages.js';
import { RestartableMessages } from './restartable-messages.js';

function setUp() {
  const source = new FedMessages();
  const messages = new RestartableMessages(source);
  const attempt = (): AsyncIterator<unknown> => messages[Symbol.asyncIterator]();
  return { source, messages, attempt };
}

async function taken(attempt: AsyncIterator<unknown>, count: number): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let index = 0; index < count; index += 1) values.push((await attempt.next()).value);
  return values;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_none, index) => index);

describe('the requests of a stream', () => {
  test('are pulled one by one as they are asked for', async () => {
    const { source, messages, attempt } = setUp();
    source.push(1, 2).end();
    expect([await taken(attempt(), 1), source.pulls]).toEqual([[1], 1]);
    expect([await collected(messages), source.pulls, source.returns]).toEqual([[1, 2], 3, 0]);
  });

  test('begin with the first in every attempt, of which the source knows nothing', async () => {
    const { source, messages, attempt } = setUp();
    source.push(1, 2, 3, 4).end();
    const first = attempt();
    expect(await taken(first, 3)).toEqual([1, 2, 3]);
    await first.return?.();
    const second = attempt();
    expect(await taken(second, 2)).toEqual([1, 2]);
    await second.return?.();
    expect([messages.restartable, source.pulls, source.returns]).toEqual([true, 3, 0]);
    expect(await collected(messages)).toEqual([1, 2, 3, 4]);
  });

  test('lose none where an attempt had asked for one that came only to the next attempt', async () => {
    const { source, attempt } = setUp();
    source.push(1);
    const first = attempt();
    await first.next();
    const unanswered = first.next();
    await first.return?.();
    const second = attempt();
    await second.next();
    const answered = second.next();
    source.push(2, 3).end();
    expect([await unanswered, await answered]).toEqual([
      { done: false, value: 2 },
      { done: false, value: 2 },
    ]);
    expect([await taken(second, 1), await second.next(), source.pulls]).toEqual([
      [3],
      { done: true, value: undefined },
      4,
    ]);
  });

  test('that have ended, end again in another attempt', async () => {
    const { source, messages } = setUp();
    source.push(1).end().end();
    expect([await collected(messages), await collected(messages)]).toEqual([[1], [1]]);
  });

  test('are kept while they are at most 64', async () => {
    const { source, messages, attempt } = setUp();
    source.push(...numbers(66));
    const first = attempt();
    expect(await taken(first, 64)).toEqual(numbers(64));
    expect(messages.restartable).toBe(true);
    expect([await taken(first, 2), messages.restartable]).toEqual([[64, 65], false]);
  });

  test('are kept no longer once it is certain that no attempt will follow', async () => {
    const { source, messages, attempt } = setUp();
    source.push(1, 2);
    const first = attempt();
    await first.next();
    messages.commit();
    expect([messages.restartable, await taken(first, 1), source.pulls]).toEqual([false, [2], 2]);
  });
});

describe('the source', () => {
  test('is left with the attempt that leaves, where no other can follow', async () => {
    const { source, messages, attempt } = setUp();
    source.push(1);
    const first = attempt();
    await first.next();
    messages.commit();
    expect(source.returns).toBe(0);
    expect(await first.return?.()).toEqual({ done: true, value: undefined });
    await first.return?.();
    expect(source.returns).toBe(1);
  });

  test('is left as soon as it is certain that no attempt will follow the one that has left', async () => {
    const { source, messages, attempt } = setUp();
    source.push(1);
    const first = attempt();
    await first.next();
    await first.return?.();
    expect(source.returns).toBe(0);
    messages.commit();
    expect(source.returns).toBe(1);
  });

  test('is not left because of an attempt that another has followed', async () => {
    const { source, messages, attempt } = setUp();
    source.push(1, 2);
    const first = attempt();
    await first.next();
    await first.return?.();
    const second = attempt();
    messages.commit();
    expect([source.returns, messages.restartable]).toEqual([0, false]);
    await second.next();
  });

  test('is left at the end of the call, once, and restarts no more', async () => {
    const { source, messages, attempt } = setUp();
    source.push(1);
    await attempt().next();
    await messages.close();
    await messages.close();
    expect([source.returns, messages.restartable]).toEqual([1, false]);
  });

  test('that nobody asked for anything is not left', async () => {
    const { source, messages, attempt } = setUp();
    await attempt().return?.();
    messages.commit();
    await messages.close();
    expect([source.pulls, source.returns]).toEqual([0, 0]);
  });

  test.each([
    ['has ended', (source: FedMessages) => source.end()],
    ['has failed', (source: FedMessages) => source.fail(new Error('broken'))],
  ])('that %s is not left', async (_how, feed) => {
    const { source, messages, attempt } = setUp();
    feed(source);
    const first = attempt();
    await first.next().catch((error: Error) => expect(error.message).toBe('broken'));
    messages.commit();
    await first.return?.();
    await messages.close();
    expect([source.pulls, source.returns]).toEqual([1, 0]);
  });

  test('that fails while it is left says so to who closes it, and to nobody else', async () => {
    const { source, messages, attempt } = setUp();
    source.beforeReturn = () => Promise.reject(new Error('stuck'));
    source.push(1);
    const first = attempt();
    await first.next();
    await expect(messages.close()).rejects.toThrow('stuck');
    const other = setUp();
    other.source.beforeReturn = () => Promise.reject(new Error('stuck'));
    other.source.push(1);
    const left = other.attempt();
    await left.next();
    await left.return?.();
    other.messages.commit();
    // A rejection that nobody handles would fail this run.
    await new Promise((resolve) => setImmediate(resolve));
    expect(other.source.returns).toBe(1);
  });
});
