import { type Call, noMetadata, type Reply, ServiceError } from '@tenon/contract';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { attemptsOver, broken, ended, nodesOf, refused } from '../../test/attempts-under-test.js';
import { controllersMadeIn } from '../../test/controllers-made-in.js';
import { deferred } from '../../test/deferred.js';
import { failureOf } from '../../test/failure-of.js';
import { collected, FedMessages } from '../../test/fed-messages.js';
import { hello } from '../../test/greeter.js';
import { listenersOn } from '../../test/listeners-on.js';
import { failing, streaming } from '../../test/scripted-transport.js';

const server = { ...hello, kind: 'server' } as const;
const client = { ...hello, kind: 'client' } as const;
const bidi = { ...hello, kind: 'bidi' } as const;

const requestsOf = (messages: AsyncIterable<unknown>) => ({ value: undefined, messages });

/** A node that reads so many requests and then fails, having left the rest as transports do. */
function failingAfter(count: number, ...error: ConstructorParameters<typeof ServiceError>) {
  return async ({ messages }: Call): Promise<Reply> => {
    const iterator = messages?.[Symbol.asyncIterator]();
    for (let read = 0; read < count; read += 1) await iterator?.next();
    await iterator?.return?.();
    throw new ServiceError(...error);
  };
}

/** A node that reads every request and answers with them. */
async function gathering({ messages }: Call): Promise<Reply> {
  return { value: await collected(messages), metadata: noMetadata };
}

afterEach(() => void vi.restoreAllMocks());

describe('a stream of replies', () => {
  test('has its connection on loan until its end; then its node is reported, once', async () => {
    const { clock, pool, selector, transport, run } = attemptsOver('a');
    const release = vi.spyOn(pool, 'release');
    const replies = new FedMessages().push(1, 2);
    transport.answer('a:1', streaming(replies));
    const { messages, metadata } = await run({}, server);
    const iterator = messages?.[Symbol.asyncIterator]();
    await iterator?.next();
    await clock.advance(40);
    expect([metadata, selector.reports, release.mock.calls.length]).toEqual([noMetadata, [], 0]);
    replies.end();
    expect(await collected(messages)).toEqual([2]);
    expect(selector.reports).toMatchObject([{ node: 'a', outcome: { elapsedMs: 40, error: undefined } }]);
    expect(release).toHaveBeenCalledTimes(1);
    expect(await iterator?.return?.()).toEqual({ done: true, value: undefined });
    expect([selector.reports.length, release.mock.calls.length]).toEqual([1, 1]);
  });

  test('that the caller leaves is no fault of its node, and gives the loan back', async () => {
    const { pool, selector, transport, run } = attemptsOver('a');
    const release = vi.spyOn(pool, 'release');
    const replies = new FedMessages().push(1, 2);
    transport.answer('a:1', streaming(replies));
    for await (const message of (await run({}, server)).messages ?? []) if (message === 1) break;
    expect([replies.returns, release.mock.calls.length]).toEqual([1, 1]);
    expect(selector.reports).toMatchObject([{ node: 'a', outcome: { error: undefined } }]);
  });

  test('that fails after its first message is not begun again, and says where it failed and what was tried', async () => {
    const { clock, pool, selector, transport, run } = attemptsOver('a', 'b');
    const release = vi.spyOn(pool, 'release');
    const replies = new FedMessages().push(1);
    transport.answer('a:1', refused).answer('b:1', streaming(replies));
    const { messages } = await run({ idempotent: true }, server);
    await clock.advance(30);
    replies.fail(new ServiceError('Unavailable', 'broken', { executed: 'maybe' }));
    const error = await failureOf(collected(messages));
    expect(error).toMatchObject({ code: 'Unavailable', executed: 'maybe', service: 'greeter', node: 'b' });
    expect(error.attempts).toMatchObject([
      { node: 'a', message: 'refused', executed: 'no' },
      { node: 'b', message: 'broken', executed: 'maybe', elapsedMs: 30 },
    ]);
    expect(nodesOf(transport)).toEqual(['a:1', 'b:1']);
    expect(selector.reports).toMatchObject([
      { node: 'a', outcome: { error: { rawMessage: 'refused' } } },
      { node: 'b', outcome: { elapsedMs: 30, error: { rawMessage: 'broken' } } },
    ]);
    expect(release).toHaveBeenCalledTimes(2);
  });

  test('is tried on another node as long as nothing was said', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b', 'c');
    transport
      .answer('a:1', refused)
      .answer('b:1', broken)
      .answer('c:1', streaming(new FedMessages().push(1).end()));
    const { messages } = await ended(clock, run({ idempotent: true }, server));
    expect(await collected(messages)).toEqual([1]);
    expect(nodesOf(transport)).toEqual(['a:1', 'b:1', 'c:1']);
  });

  test('makes no controller and sets no timer once its connection stands', async () => {
    const { clock, transport, run } = attemptsOver('a');
    const stream = async (): Promise<void> => {
      transport.answer('a:1', streaming(new FedMessages().push(1).end()));
      await collected((await run({}, server)).messages);
    };
    await stream();
    const after = vi.spyOn(clock, 'after');
    expect([await controllersMadeIn(stream), after.mock.calls]).toEqual([0, []]);
  });
});

describe('getting a stream under way', () => {
  test('takes no longer than a unary call, though the stream itself has no end', async () => {
    const { clock, selector, transport, run } = attemptsOver('a');
    transport.beforeDial = () => new Promise(() => {});
    const failed = failureOf(run({}, server));
    await clock.advance(9_999);
    expect(selector.reports).toEqual([]);
    await clock.advance(1);
    expect(await failed).toMatchObject({ code: 'DeadlineExceeded', executed: 'no', attempts: [{ node: 'a' }] });
  });

  test('ends when its selector takes too long', async () => {
    const { clock, selector, run } = attemptsOver('a');
    selector.before = () => new Promise(() => {});
    const failed = failureOf(run({}, server));
    await clock.advance(10_000);
    expect(await failed).toMatchObject({ code: 'DeadlineExceeded', executed: 'no', attempts: [] });
  });

  test('is tried again no later than that', async () => {
    const { clock, transport, run } = attemptsOver('a', 'b');
    transport.answer('a:1', async () => {
      await gate.promise;
      throw new ServiceError('Unavailable', 'broken', { executed: 'maybe' });
    });
    const gate = deferred();
    vi.spyOn(Math, 'random').mockReturnValue(0.9);
    const failed = failureOf(run({ idempotent: true }, server));
    await clock.advance(9_950);
    gate.resolve();
    expect(await failed).toMatchObject({ rawMessage: 'broken', attempts: [{ node: 'a' }] });
    expect(nodesOf(transport)).toEqual(['a:1']);
  });

  test('leaves no timer and no listener on the caller while the stream goes on', async () => {
    const { clock, transport, run } = attemptsOver('a');
    const stop = new AbortController();
    transport.answer('a:1', streaming(new FedMessages().push(1)));
    const { messages } = await run({ signal: stop.signal }, server);
    // What is left is the sweep of idle connections.
    expect([clock.pending, listenersOn(stop.signal)]).toEqual([1, 0]);
    await messages?.[Symbol.asyncIterator]().return?.();
  });
});

describe('the requests of a stream', () => {
  test('are sent again from the first to another node, as long as nothing was said', async () => {
    const { transport, run } = attemptsOver('a', 'b');
    const requests = new FedMessages().push(1, 2, 3).end();
    transport.answer('a:1', failingAfter(2, 'Unavailable', 'refused', { executed: 'no' })).answer('b:1', gathering);
    expect(await run({}, client, requestsOf(requests))).toMatchObject({ value: [1, 2, 3] });
    expect([nodesOf(transport), requests.pulls, requests.returns]).toEqual([['a:1', 'b:1'], 4, 0]);
  });

  test.each([
    [64, ['a:1', 'b:1']],
    [65, ['a:1']],
  ])('that were taken %d times go to %j', async (count, addresses) => {
    const { transport, run } = attemptsOver('a', 'b');
    const requests = new FedMessages().push(...Array(count).keys()).end();
    transport.answer('a:1', failingAfter(count, 'Unavailable', 'refused', { executed: 'no' })).answer('b:1', gathering);
    const outcome = await run({}, client, requestsOf(requests)).catch((error: ServiceError) => error);
    expect(nodesOf(transport)).toEqual(addresses);
    if (outcome instanceof ServiceError) expect(outcome).toMatchObject({ rawMessage: 'refused', executed: 'no' });
    else expect(outcome.value).toHaveLength(count);
  });

  test('are not asked for before the node is there, nor at all where none is', async () => {
    const { clock, transport, run } = attemptsOver('a');
    const requests = new FedMessages();
    transport.beforeDial = () => Promise.reject(new Error('ECONNREFUSED'));
    await ended(clock, failureOf(run({}, client, requestsOf(requests))));
    expect([requests.pulls, requests.returns]).toEqual([0, 0]);
  });

  test.each([
    ['fails', failing('NotFound', 'x', { executed: 'yes' })],
    ['fails having read some', failingAfter(2, 'NotFound', 'x', { executed: 'yes' })],
    ['fails for good after several attempts', failingAfter(1, 'Unavailable', 'x', { executed: 'no' })],
  ])('are left when the call %s', async (_how, answer) => {
    const { clock, transport, run } = attemptsOver('a', 'b', 'c');
    const steps: string[] = [];
    async function* requests(): AsyncGenerator<number> {
      try {
        for (let n = 0; ; n += 1) yield n;
      } finally {
        steps.push('left');
      }
    }
    for (const node of 'abc') transport.answer(`${node}:1`, answer);
    const generator = requests();
    await generator.next();
    await ended(clock, failureOf(run({}, client, requestsOf(generator))));
    const begun = transport.calls.length > 0 && _how !== 'fails';
    expect(steps).toEqual(begun ? ['left'] : []);
  });

  test('are left when the reply is there, whether or not the transport left them', async () => {
    for (const leave of [true, false]) {
      const { transport, run } = attemptsOver('a');
      const requests = new FedMessages().push(1, 2);
      transport.answer('a:1', async ({ messages }) => {
        const iterator = messages?.[Symbol.asyncIterator]();
        const first = await iterator?.next();
        // Its peer has answered: it leaves the requests before anyone hears of the answer.
        if (leave) await iterator?.return?.();
        return { value: first?.value, metadata: noMetadata };
      });
      expect(await run({}, client, requestsOf(requests))).toMatchObject({ value: 1 });
      expect([requests.pulls, requests.returns]).toEqual([1, 1]);
    }
  });

  test('go on beside the replies, and are left when these end or are left', async () => {
    for (const end of ['end', 'fail', 'leave'] as const) {
      const { transport, run } = attemptsOver('a');
      const requests = new FedMessages().push(1, 2, 3);
      const replies = new FedMessages().push('a');
      const sent: unknown[] = [];
      let sending: AsyncIterator<unknown> | undefined;
      transport.answer('a:1', async (call) => {
        sending = call.messages?.[Symbol.asyncIterator]();
        sent.push((await sending?.next())?.value);
        return streaming(replies)(call);
      });
      const { messages } = await run({}, bidi, requestsOf(requests));
      const iterator = messages?.[Symbol.asyncIterator]();
      await iterator?.next();
      sent.push((await sending?.next())?.value);
      expect([sent, requests.returns]).toEqual([[1, 2], 0]);
      if (end === 'leave') await iterator?.return?.();
      else if (end === 'end') {
        replies.end();
        await iterator?.next();
      } else {
        replies.fail(new ServiceError('NotFound', 'x'));
        await failureOf(async () => iterator?.next());
      }
      expect(requests.returns).toBe(1);
    }
  });

  test('are left as soon as the peer wants no more of them, while the replies go on', async () => {
    const { transport, run } = attemptsOver('a');
    const requests = new FedMessages().push(1, 2);
    const replies = new FedMessages().push('a', 'b').end();
    let sending: AsyncIterator<unknown> | undefined;
    transport.answer('a:1', async (call) => {
      sending = call.messages?.[Symbol.asyncIterator]();
      await sending?.next();
      return streaming(replies)(call);
    });
    const { messages } = await run({}, bidi, requestsOf(requests));
    await sending?.return?.();
    expect(requests.returns).toBe(1);
    expect(await collected(messages)).toEqual(['a', 'b']);
    expect(requests.returns).toBe(1);
  });

  test('that fail are not taken for complete by another node', async () => {
    const { transport, run } = attemptsOver('a', 'b');
    const requests = new FedMessages().push(1).fail(new Error('my disk is full'));
    const canceled = async ({ messages }: Call): Promise<Reply> => {
      const cause = await collected(messages).catch((thrown: unknown) => thrown);
      throw new ServiceError('Canceled', 'the requests failed', { executed: 'maybe', cause });
    };
    transport.answer('a:1', canceled).answer('b:1', gathering);
    expect(await failureOf(run({ idempotent: true }, client, requestsOf(requests)))).toMatchObject({
      code: 'Canceled',
      cause: { message: 'my disk is full' },
    });
    expect(nodesOf(transport)).toEqual(['a:1']);
  });

  test('that fail to end do not spoil the outcome of the call', async () => {
    const { transport, run } = attemptsOver('a');
    const requests = new FedMessages().push(1, 2);
    requests.beforeReturn = () => Promise.reject(new Error('stuck'));
    transport.answer('a:1', failingAfter(1, 'NotFound', 'x', { executed: 'yes' }));
    expect(await failureOf(run({}, client, requestsOf(requests)))).toMatchObject({ code: 'NotFound' });
    expect(requests.returns).toBe(1);
  });
});
