import assert from 'node:assert/strict';
import { noMetadata, type Reply, ServiceError } from '@tenon/contract';
import { assertSameData } from '../../codec/same-data.js';
import { rejectsWith } from '../../rejects-with.js';
import type { ConformanceCase } from '../../suite.js';
import type { TransportFixture } from '../fixture.js';
import type { Probe } from '../probe.js';
import { clientOnlyType } from '../suite-codecs.js';
import { kept } from './kept.js';
import { Latch } from './latch.js';
import { failing, numbered, sized } from './message-source.js';
import { messageBytes, messagesWithin } from './pressure-cases.js';
import { ofEachKind, type StreamPromise, streamed, streamKinds } from './stream-case.js';
import { settled } from './under-way.js';

const promises: readonly StreamPromise[] = [
  {
    sentence: 'an error before the first reply rejects the call, whole',
    kinds: streamKinds,
    run: async (stage) => {
      const { probe, kind } = stage;
      probe.serve('fail', kind, async (): Promise<Reply> => {
        if (kind === 'client') throw wholeError('maybe');
        const replies = probe.source(failing([], wholeError('maybe')));
        return streamed(replies);
      });
      const messages = kind === 'server' ? undefined : probe.source([1]).messages;
      assertWhole(await rejectsWith(() => probe.stream(kind, 'fail', { messages }), 'NotFound'));
      assert.equal(await probe.echo('after'), 'after');
      assert.equal(probe.cancels.length, 0, 'a call that the handler failed was cancelled');
    },
  },
  {
    sentence: 'an error after replies comes behind them, whole',
    kinds: ['server', 'bidi'],
    run: async ({ probe, kind }) => {
      probe.serve('fail', kind, () => {
        const replies = probe.source(failing(numbered(5), wholeError('yes')));
        return streamed(replies);
      });
      const messages = kind === 'server' ? undefined : probe.source([1]).messages;
      const reply = await probe.stream(kind, 'fail', { messages });
      const reader = probe.reader(reply.messages);
      const error = await rejectsWith(() => reader.rest(), 'NotFound');
      assertSameData(reader.taken, [...numbered(5)]);
      assertWhole(error);
      assert.equal(error.executed, 'yes');
      assert.deepEqual(await reader.rest(), [], 'an iteration that failed must have ended');
      assert.equal(await probe.echo('after'), 'after');
    },
  },
  {
    sentence: 'an error after requests stops the caller',
    kinds: ['client', 'bidi'],
    run: async ({ probe, kind, fixture }) => {
      const requests = probe.source(sized(messagesWithin(fixture, messageBytes) * 2, messageBytes));
      probe.serve('fail', kind, async (call): Promise<Reply> => {
        await probe.reader(call.messages()).take(3);
        throw wholeError('yes');
      });
      assertWhole(await rejectsWith(() => probe.stream(kind, 'fail', { messages: requests.messages }), 'NotFound'));
      await probe.eventually(() => assert.ok(requests.ended, "the caller's producer was not returned from"));
      assert.equal(await probe.echo('after'), 'after');
    },
  },
  {
    sentence: 'a call that is refused unread stops the caller',
    kinds: ['client', 'bidi'],
    run: async (stage) => {
      const { probe, kind, fixture } = stage;
      const bound = messagesWithin(fixture, messageBytes);
      const held = probe.source(sized(bound * 2, messageBytes));
      const refusal = new Latch();
      probe.serve('refuse', kind, async (): Promise<Reply> => {
        await refusal.opened;
        throw new ServiceError('PermissionDenied', 'not you', { executed: 'no' });
      });
      const refused = kept(
        rejectsWith(() => probe.stream(kind, 'refuse', { messages: held.messages }), 'PermissionDenied'),
      );
      await probe.eventually(() => assert.ok(held.made > 0, 'the producer was not asked for its messages'));
      await probe.heldBack([held]);
      refusal.open();
      assert.equal((await refused).executed, 'no');
      await probe.eventually(() => assert.ok(held.ended, "the caller's producer was not returned from"));
      assert.ok(held.made <= bound, `the caller made ${held.made} messages that nobody read`);

      const requests = probe.source(sized(bound * 2, messageBytes));
      const unknown = () => probe.stream(kind, 'unheardOf', { messages: requests.messages });
      assert.equal((await rejectsWith(unknown, 'Unimplemented')).executed, 'no');
      await probe.eventually(() => assert.ok(requests.settled, "the caller's producer was not returned from"));
      assert.equal(await probe.echo('after'), 'after');
    },
  },
  {
    sentence: 'a content type that one side does not know is refused',
    kinds: streamKinds,
    run: async ({ probe, kind }) => {
      const before = probe.received.length;
      const messages = kind === 'server' ? undefined : probe.source([1]).messages;
      const call = () => probe.stream(kind, 'unread', { messages, value: 1, contentType: clientOnlyType });
      assert.equal((await rejectsWith(call, 'InvalidArgument')).executed, 'no');
      assert.equal(await probe.echo('after'), 'after');
      assert.equal(probe.received.length, before + 1, 'a call of an unknown content type reached the handler');
    },
  },
  {
    sentence: 'requests that end in an error cancel the call',
    kinds: ['client', 'bidi'],
    run: async ({ probe, kind }) => {
      for (const after of kind === 'bidi' ? ['no reply', 'a reply'] : ['no reply']) {
        const { read, error, mishap } = await failingRequests(probe, kind, after === 'a reply');
        assert.equal(error.cause, mishap, `the cause of ${error.message}`);
        assert.notEqual(error.executed, 'no');
        assert.ok(read instanceof ServiceError, 'the requests ended as if the caller had ended its side');
        assert.ok(!`${read.message} ${read.cause}`.includes('kept at home'), 'the cause crossed the wire');
      }
      await probe.eventually(() =>
        assert.equal(probe.cancels.length, kind === 'bidi' ? 2 : 1, 'the handler was not told'),
      );
      assert.equal(await probe.echo('after'), 'after');
    },
  },
];

/** How failures of the handler and of the caller's own producer arrive. */
export const streamErrorCases: readonly ConformanceCase<TransportFixture>[] = promises.flatMap(ofEachKind);

/** One call whose requests throw after the second, before or after the first reply. */
async function failingRequests(probe: Probe, kind: 'server' | 'client' | 'bidi', afterReply: boolean) {
  const mishap = new Error('kept at home');
  const replied = new Latch();
  let read: ReturnType<typeof settled> | undefined;
  probe.serve('failing', kind, async (call): Promise<Reply> => {
    const reading = settled(probe.reader(call.messages()).rest());
    read = reading;
    if (kind === 'client') return { value: await reading, metadata: noMetadata };
    const replies = async function* () {
      if (afterReply) yield 'a reply';
      await reading;
    };
    return streamed(probe.source(replies()));
  });
  const requests = async function* () {
    yield 1;
    yield 2;
    if (afterReply) await replied.opened;
    // Only a call that has reached its handler has one to be told.
    await probe.eventually(() => assert.ok(read !== undefined, 'the stream did not reach the handler'));
    throw mishap;
  };
  const error = await rejectsWith(async () => {
    const { messages } = await probe.stream(kind, 'failing', { messages: probe.source(requests()).messages });
    replied.open();
    await probe.reader(messages).rest();
  }, 'Canceled');
  assert.ok(read !== undefined);
  return { read: await probe.bounded(read, 'reading the requests'), error, mishap };
}

const fields = {
  details: { order: 42, nested: [1, { ok: true }] },
  service: 'orders',
  endpoint: 'Orders.Watch',
  node: 'node-1',
  correlationId: 'c-17',
};

function wholeError(executed: 'maybe' | 'yes'): ServiceError {
  return new ServiceError('NotFound', 'no order 42: Zoë\nsaid "no"', { ...fields, executed, cause: new Error('here') });
}

function assertWhole(error: ServiceError): void {
  const { executed, ...record } = error.toRecord();
  assertSameData(record, { code: 'NotFound', message: 'no order 42: Zoë\nsaid "no"', ...fields });
  assert.notEqual(executed, 'no');
  assert.ok(!String(error.cause).includes('here'), 'the cause crossed the wire');
}
