import { ServiceError } from '@tenon/contract';
import { describe, expect, test, vi } from 'vitest';
import { failureOf } from '../../test/failure-of.js';
import { collected, FedMessages } from '../../test/fed-messages.js';
import { ReplyMessages } from './reply-messages.js';

function setUp() {
  const source = new FedMessages();
  const onEnd = vi.fn((error: ServiceError | undefined) => error?.with({ node: 'n1' }));
  return { source, onEnd, messages: new ReplyMessages(source, onEnd) };
}

const done = { done: true, value: undefined };

describe('what was borrowed for replies is given back', () => {
  test('when they end, once', async () => {
    const { source, onEnd, messages } = setUp();
    source.push(1, 2).end().end();
    expect(await messages.next()).toEqual({ done: false, value: 1 });
    expect([source.pulls, onEnd.mock.calls]).toEqual([1, []]);
    expect(await collected(messages)).toEqual([2]);
    expect([await messages.next(), onEnd.mock.calls]).toEqual([done, [[undefined]]]);
  });

  test('when the caller leaves, after its source is left', async () => {
    const { source, onEnd, messages } = setUp();
    source.push(1, 2);
    const before: unknown[] = [];
    source.beforeReturn = () => void before.push(onEnd.mock.calls.length);
    for await (const message of messages) if (message === 1) break;
    expect([before, source.returns, onEnd.mock.calls]).toEqual([[0], 1, [[undefined]]]);
    expect(await messages.return()).toEqual(done);
    expect(onEnd).toHaveBeenCalledTimes(1);
  });

  test('also where the source cannot be left, or fails to be', async () => {
    const onEnd = vi.fn();
    await new ReplyMessages({ next: async () => done as never }, onEnd).return();
    expect(onEnd.mock.calls).toEqual([[undefined]]);
    const { source, onEnd: other, messages } = setUp();
    source.beforeReturn = () => Promise.reject(new ServiceError('Unavailable', 'broken'));
    expect(await failureOf(messages.return())).toMatchObject({ rawMessage: 'broken' });
    expect(other.mock.calls).toEqual([[undefined]]);
  });

  test('when they fail, and the caller gets the error as it is described then', async () => {
    const { source, onEnd, messages } = setUp();
    source.push(1).fail(new ServiceError('NotFound', 'x')).end();
    const failed = failureOf(collected(messages));
    expect(await failed).toMatchObject({ code: 'NotFound', rawMessage: 'x', node: 'n1' });
    expect(onEnd.mock.calls).toMatchObject([[{ code: 'NotFound' }]]);
    expect([await messages.next(), onEnd.mock.calls.length]).toEqual([done, 1]);
  });
});

test('an error is a ServiceError whatever was thrown, also where nothing is said about it', async () => {
  const source = new FedMessages().fail(new TypeError('odd'));
  const messages = new ReplyMessages(source, () => undefined);
  expect(await failureOf(messages.next())).toMatchObject({ code: 'Internal', rawMessage: 'odd' });
});
