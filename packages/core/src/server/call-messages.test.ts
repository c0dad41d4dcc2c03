import { noMetadata, ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test, vi } from 'vitest';
import { deferred } from '../../test/deferred.js';
import { failureOf } from '../../test/failure-of.js';
import { collected, FedMessages } from '../../test/fed-messages.js';
import { CallContext, currentCall, runOutsideCalls } from '../context/call-context.js';
import { CallMessages, type MessageSteps } from './call-messages.js';

const reason = new ServiceError('Canceled', 'the caller left');

function setUp(take?: MessageSteps['take']) {
  const clock = new FakeClock();
  const [service, endpoint, deadline] = ['greeter', 'Greeter.Count', Number.POSITIVE_INFINITY];
  const init = { service, endpoint, deadline, metadata: noMetadata, peer: undefined, node: 'n1', clock };
  const context = new CallContext(init);
  const source = new FedMessages();
  const failures: unknown[] = [];
  const ended = vi.fn();
  const failure = (thrown: unknown): ServiceError => {
    failures.push(thrown);
    return ServiceError.from(thrown, { code: 'Aborted' });
  };
  const messages = new CallMessages(source, context, { take, failure, ended });
  return { clock, context, source, failures, ended, messages };
}

const done = { done: true, value: undefined };

describe('messages', () => {
  test('come in order, one pull for each, until the source ends', async () => {
    const { source, ended, messages } = setUp();
    source.push(1, 2, 3);
    expect(await messages.next()).toEqual({ done: false, value: 1 });
    expect([source.pulls, ended.mock.calls.length]).toEqual([1, 0]);
    source.end();
    expect(await collected(messages)).toEqual([2, 3]);
    expect([source.pulls, source.returns, ended.mock.calls.length]).toEqual([4, 0, 1]);
    expect([await messages.next(), source.pulls]).toEqual([done, 4]);
  });

  test('that are asked for side by side come in order, pulled one after another', async () => {
    const { source, messages } = setUp();
    const asked = [messages.next(), messages.next(), messages.next()];
    expect(source.pulls).toBe(1);
    source.push('a', 'b').end();
    expect(await Promise.all(asked)).toEqual([{ done: false, value: 'a' }, { done: false, value: 'b' }, done]);
  });

  test('see the context of the call wherever they are asked from, also when they are left', async () => {
    const { context } = setUp();
    const seen: unknown[] = [];
    async function* generate(): AsyncGenerator<number> {
      try {
        seen.push(currentCall());
        yield 1;
        seen.push(currentCall());
        yield 2;
      } finally {
        seen.push(currentCall());
      }
    }
    const messages = new CallMessages(generate(), context, { failure: ServiceError.from });
    await runOutsideCalls(async () => {
      await messages.next();
      await messages.next();
      await messages.return();
    });
    expect(seen).toEqual([context, context, context]);
  });

  test('can be given back once, and come again first', async () => {
    const { source, messages } = setUp();
    source.push(1, 2).end();
    messages.unread(await messages.next());
    expect(await collected(messages)).toEqual([1, 2]);
  });

  test('that were none can be given back too', async () => {
    const { source, messages } = setUp();
    source.end();
    messages.unread(await messages.next());
    expect(await collected(messages)).toEqual([]);
  });
});

describe('a step for each message', () => {
  test.each([
    ['at once', (value: unknown) => `${value}!`],
    ['by a promise', async (value: unknown) => `${value}!`],
  ])('changes it %s', async (_how, take) => {
    const { source, messages } = setUp(take);
    source.push('a', 'b').end();
    expect(await collected(messages)).toEqual(['a!', 'b!']);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('bad');
      },
    ],
    ['rejects', () => Promise.reject(new Error('bad'))],
  ])('that %s ends the iteration, and the source is left', async (_how, take) => {
    const { source, failures, ended, messages } = setUp(take);
    source.push('a', 'b');
    expect(await failureOf(messages.next())).toMatchObject({ code: 'Aborted', rawMessage: 'bad' });
    expect(await messages.next()).toEqual(done);
    expect([source.pulls, source.returns, ended.mock.calls.length]).toEqual([1, 1, 1]);
    expect(failures).toMatchObject([{ message: 'bad' }]);
  });

  test('that ends after the call is not heard', async () => {
    const gate = deferred<string>();
    const { source, failures, messages } = setUp(() => gate.promise);
    source.push('a');
    const failed = failureOf(messages.next());
    await Promise.resolve();
    messages.cancel(reason);
    expect(await failed).toBe(reason);
    gate.reject(new Error('too late'));
    expect(await messages.next()).toEqual(done);
    expect(failures).toEqual([]);
  });
});

describe('a source that fails', () => {
  test.each([
    ['later', (source: FedMessages) => source.fail(new Error('broken'))],
    [
      'at once',
      (source: FedMessages) => {
        source.next = () => {
          throw new Error('broken');
        };
      },
    ],
  ])('%s ends the iteration with what is made of it, once, and is not left any more', async (_when, spoil) => {
    const { source, failures, ended, messages } = setUp();
    spoil(source);
    expect(await failureOf(messages.next())).toMatchObject({ code: 'Aborted', rawMessage: 'broken' });
    expect(await messages.next()).toEqual(done);
    await messages.return();
    expect([source.returns, ended.mock.calls.length, failures.length]).toEqual([0, 1, 1]);
  });
});

describe('a consumer that leaves', () => {
  test('leaves the source, and waits until it has ended', async () => {
    const { clock, source, ended, messages } = setUp();
    const gate = deferred();
    source.beforeReturn = () => gate.promise;
    source.push(1);
    await messages.next();
    const left = vi.fn();
    const leaving = messages.return().then(left);
    await clock.advance(0);
    expect([source.returns, left.mock.calls.length, ended.mock.calls.length]).toEqual([1, 0, 0]);
    gate.resolve();
    await leaving;
    expect(ended).toHaveBeenCalledTimes(1);
    expect([await messages.next(), source.pulls]).toEqual([done, 1]);
  });

  test('ends what waits for a message, and gets none that was given back', async () => {
    const { source, messages } = setUp();
    const waiting = messages.next();
    void messages.return();
    expect(await waiting).toEqual(done);
    const other = setUp();
    other.source.push(1);
    other.messages.unread(await other.messages.next());
    await other.messages.return();
    expect([await other.messages.next(), source.returns, other.source.returns]).toEqual([done, 1, 1]);
  });

  test('leaves the source once, however often it leaves and the call ends', async () => {
    const { source, ended, messages } = setUp();
    const gate = deferred();
    source.beforeReturn = () => gate.promise;
    messages.cancel(reason);
    const leaving = [messages.return(), messages.return()];
    gate.resolve();
    await Promise.all(leaving);
    await messages.return();
    expect([source.returns, ended.mock.calls.length]).toEqual([1, 1]);
  });

  test('does not get the error of a source that cannot end, which is made known', async () => {
    const { source, failures, ended, messages } = setUp();
    source.beforeReturn = () => Promise.reject(new Error('stuck'));
    expect(await messages.return()).toEqual(done);
    expect(failures).toMatchObject([{ message: 'stuck' }]);
    expect(ended).toHaveBeenCalledTimes(1);
  });

  test('may leave a source that cannot be left', async () => {
    const { context } = setUp();
    const ended = vi.fn();
    const source = { next: () => new Promise<never>(() => {}) };
    const messages = new CallMessages(source, context, { failure: ServiceError.from, ended });
    expect(await messages.return()).toEqual(done);
    expect(ended).toHaveBeenCalledTimes(1);
  });
});

describe('the end of the call', () => {
  test('reaches whoever waits for a message, at once, and the source is left', async () => {
    const { clock, source, ended, messages } = setUp();
    const gate = deferred();
    source.beforeReturn = () => gate.promise;
    const failed = failureOf(messages.next());
    messages.cancel(reason);
    expect(await failed).toBe(reason);
    expect([source.returns, ended.mock.calls.length]).toEqual([1, 0]);
    gate.resolve();
    await clock.advance(0);
    expect(await messages.next()).toEqual(done);
    expect(ended).toHaveBeenCalledTimes(1);
  });

  test('reaches whoever asks for a message afterwards, once', async () => {
    const { source, messages } = setUp();
    source.push(1, 2);
    await messages.next();
    messages.cancel(reason);
    messages.cancel(new ServiceError('Unavailable', 'again'));
    expect(await failureOf(messages.next())).toBe(reason);
    expect([await messages.next(), source.pulls]).toEqual([done, 1]);
  });

  test('comes after a message that was given back', async () => {
    const { source, messages } = setUp();
    source.push(1);
    messages.unread(await messages.next());
    messages.cancel(reason);
    expect(await messages.next()).toEqual({ done: false, value: 1 });
    expect(await failureOf(messages.next())).toBe(reason);
  });

  test('is nothing to messages that have ended', async () => {
    const { source, ended, messages } = setUp();
    source.end();
    await messages.next();
    messages.cancel(reason);
    expect([await messages.next(), source.returns, ended.mock.calls.length]).toEqual([done, 0, 1]);
  });

  test.each([
    ['a message', (source: FedMessages) => source.push('late')],
    ['the end', (source: FedMessages) => source.end()],
    ['an error', (source: FedMessages) => source.fail(new Error('late'))],
  ])('makes %s that comes too late go nowhere', async (_what, feed) => {
    const { clock, source, ended, messages } = setUp();
    const failed = failureOf(messages.next());
    messages.cancel(reason);
    feed(source);
    await clock.advance(0);
    expect(await failed).toBe(reason);
    expect(await messages.next()).toEqual(done);
    expect(ended).toHaveBeenCalledTimes(1);
  });
});
