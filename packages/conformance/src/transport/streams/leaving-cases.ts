import assert from 'node:assert/strict';
import { noMetadata, type Reply, ServiceError } from '@tenon/contract';
import { assertSameData } from '../../codec/same-data.js';
import type { ConformanceCase } from '../../suite.js';
import type { TransportFixture } from '../fixture.js';
import { testCancellation } from '../test-cancellation.js';
import { Latch } from './latch.js';
import { inTurn, numbered, sized } from './message-source.js';
import { messageBytes, messagesWithin } from './pressure-cases.js';
import { ofEachKind, type StreamPromise, streamed } from './stream-case.js';
import { settled } from './under-way.js';

const promises: readonly StreamPromise[] = [
  {
    sentence: 'leaving the replies ends the call',
    kinds: ['server', 'bidi'],
    run: async ({ probe, kind, fixture }) => {
      const bound = messagesWithin(fixture, messageBytes);
      const replies = probe.source(sized(bound, messageBytes));
      const requests = probe.source(sized(bound, messageBytes));
      let read: ReturnType<typeof settled> | undefined;
      probe.serve('endless', kind, (call) => {
        read = kind === 'server' ? undefined : settled(probe.reader(call.messages()).rest());
        return streamed(replies);
      });
      const reply = await probe.stream(kind, 'endless', { messages: kind === 'bidi' ? requests.messages : undefined });
      const reader = probe.reader(reply.messages);
      await reader.take(2);
      await reader.leave();
      assert.deepEqual(await reader.rest(), [], 'messages came after they were left');
      await probe.eventually(() => assert.ok(replies.ended, "the handler's producer was not returned from"));
      await probe.eventually(() => assert.equal(probe.cancels.length, 1, 'the handler was not told'));
      await probe.eventually(() => assert.ok(requests.settled, "the caller's producer was not returned from"));
      if (read !== undefined) await probe.bounded(read, 'reading the requests');
      assert.equal(await probe.echo('after'), 'after');
      await probe.bounded(probe.connection.drain(), 'connection.drain() after the only stream was left');
    },
  },
  {
    sentence: 'a handler may leave the requests, and the call goes on',
    kinds: ['client', 'bidi'],
    run: async (stage) => {
      const { probe, kind, fixture } = stage;
      const bound = messagesWithin(fixture, messageBytes);
      const requests = probe.source(sized(bound * 2, messageBytes));
      probe.serve('enough', kind, async (call): Promise<Reply> => {
        const reader = probe.reader(call.messages());
        await reader.take(2);
        await reader.leave();
        if (kind === 'client') return { value: 'enough', metadata: noMetadata };
        return streamed(probe.source(numbered(300)));
      });
      const reply = await probe.stream(kind, 'enough', { messages: requests.messages });
      if (kind === 'client') assert.equal(reply.value, 'enough');
      else assertSameData(await probe.reader(reply.messages).rest(), [...numbered(300)]);
      await probe.eventually(() => assert.ok(requests.ended, "the caller's producer was not returned from"));
      assert.ok(requests.made <= bound + 2, `the caller made ${requests.made} messages that nobody read`);
      assert.equal(probe.cancels.length, 0, 'a call that went well was cancelled');
      assert.equal(await probe.echo('after'), 'after');
    },
  },
  {
    sentence: 'a handler that answered does not wait for requests any more',
    kinds: ['client', 'bidi'],
    run: async (stage) => {
      const { probe, kind } = stage;
      let read: ReturnType<typeof settled> | undefined;
      probe.serve('answered', kind, (call) => {
        read = settled(probe.reader(call.messages()).rest());
        if (kind === 'client') return { value: 'done', metadata: noMetadata };
        return streamed(probe.source(['done']));
      });
      const more = new Latch();
      const requests = probe.source(inTurn(more.opened));
      const reply = await probe.stream(kind, 'answered', { messages: requests.messages });
      if (kind === 'bidi') assert.deepEqual(await probe.reader(reply.messages).rest(), ['done']);
      assert.ok(read !== undefined);
      await probe.bounded(read, 'reading the requests of an answered call');
      more.open();
    },
  },
  {
    sentence: 'replies that come after the caller has left are left too',
    kinds: ['server', 'bidi'],
    run: async (stage) => {
      const { probe, kind } = stage;
      const answer = new Latch();
      let left = 0;
      const replies: AsyncIterableIterator<unknown> = {
        next: async () => ({ value: 'late', done: false }),
        return: async () => {
          left += 1;
          return { value: undefined, done: true };
        },
        [Symbol.asyncIterator]: () => replies,
      };
      probe.serve('late', kind, async (): Promise<Reply> => {
        await answer.opened;
        return { value: undefined, messages: replies, metadata: noMetadata };
      });
      const cancellation = testCancellation();
      const messages = kind === 'bidi' ? probe.source([1]).messages : undefined;
      const outcome = probe.stream(kind, 'late', { cancellation, messages }).catch((thrown: unknown) => thrown);
      await probe.eventually(() => assert.equal(probe.received.length, 1));
      cancellation.cancel();
      const error = await outcome;
      assert.ok(error instanceof ServiceError && error.code === 'Canceled', String(error));
      await probe.eventually(() => assert.equal(probe.cancels.length, 1, 'the handler was not told'));
      answer.open();
      await probe.eventually(() => assert.equal(left, 1, 'the late replies were not returned from'));
    },
  },
  {
    sentence: 'the first answer counts',
    kinds: ['server', 'bidi'],
    run: async ({ probe, kind }) => {
      probe.serve('twice', kind, (call) => {
        call.reply(streamed(probe.source(numbered(40))));
        call.fail(new ServiceError('Aborted', 'second'));
        return streamed(probe.source(['third']));
      });
      const messages = kind === 'bidi' ? probe.source([1]).messages : undefined;
      const reply = await probe.stream(kind, 'twice', { messages });
      assertSameData(await probe.reader(reply.messages).rest(), [...numbered(40)]);
      assert.equal(probe.cancels.length, 0, 'an answered call was cancelled');
    },
  },
];

/** Either side leaves the other's messages before their end. */
export const leavingCases: readonly ConformanceCase<TransportFixture>[] = promises.flatMap(ofEachKind);
