import assert from 'node:assert/strict';
import { noMetadata, type Reply, ServiceError } from '@tenon/contract';
import { rejectsWith } from '../../rejects-with.js';
import type { ConformanceCase } from '../../suite.js';
import type { TransportFixture } from '../fixture.js';
import { testCancellation } from '../test-cancellation.js';
import { Latch } from './latch.js';
import { inTurn, sized } from './message-source.js';
import { messageBytes, messagesWithin } from './pressure-cases.js';
import { ofEachKind, type StreamPromise, type StreamStage, streamed, streamKinds } from './stream-case.js';
import { assertEnded, settled, streamUnderWay } from './under-way.js';

const promises: readonly StreamPromise[] = [
  {
    sentence: 'one that is cancelled already is never sent',
    kinds: streamKinds,
    run: async ({ probe, kind }) => {
      const cancellation = testCancellation();
      cancellation.cancel();
      const requests = probe.source([1]);
      const messages = kind === 'server' ? undefined : requests.messages;
      const error = await rejectsWith(() => probe.stream(kind, 'nothing', { cancellation, messages }), 'Canceled');
      assert.equal(error.executed, 'no');
      assert.equal(await probe.echo('after'), 'after');
      assert.equal(requests.made, 0, 'requests were taken from a call that was never sent');
      assert.equal(probe.received.length, 1);
    },
  },
  {
    sentence: 'one whose deadline has passed is never sent',
    kinds: streamKinds,
    run: async ({ probe, kind }) => {
      const requests = probe.source([1]);
      const messages = kind === 'server' ? undefined : requests.messages;
      const call = () => probe.stream(kind, 'nothing', { timeoutMs: -1, messages });
      assert.equal((await rejectsWith(call, 'DeadlineExceeded')).executed, 'no');
      assert.equal(await probe.echo('after'), 'after');
      assert.equal(requests.made, 0, 'requests were taken from a call that was never sent');
      assert.equal(probe.received.length, 1);
    },
  },
  {
    sentence: 'cancelling it before the first reply ends both sides',
    kinds: streamKinds,
    run: async ({ probe, kind }) => {
      const silent = await silentStream({ probe, kind });
      silent.cancellation.cancel();
      const error = await silent.outcome;
      assert.ok(error instanceof ServiceError && error.code === 'Canceled', String(error));
      assert.equal(error.executed, 'maybe');
      await probe.eventually(() => assert.equal(probe.cancels.length, 1, 'the handler was not told'));
      const read = await silent.read();
      assert.ok(
        kind === 'server' || read instanceof ServiceError,
        'the requests ended as if the caller had ended them',
      );
      silent.goOn();
      assert.equal(await probe.echo('after'), 'after');
    },
  },
  {
    sentence: 'cancelling it after the first reply ends both sides with the reason',
    kinds: streamKinds,
    run: async (stage) => {
      const { probe, kind } = stage;
      const cancellation = testCancellation();
      const stream = await streamUnderWay(probe, kind, { cancellation });
      cancellation.cancel(new ServiceError('Aborted', 'another was faster', { executed: 'no' }));
      const error = await assertEnded(probe, stream, 'Aborted');
      assert.equal(error.rawMessage, 'another was faster');
      stream.goOn();
      assert.equal(await probe.echo('after'), 'after');
      assert.equal(probe.cancels.length, 1);
    },
  },
  {
    sentence: 'cancelling it ends both sides while a slow reader holds the producer back',
    kinds: streamKinds,
    run: async (stage) => {
      const { probe, kind, fixture } = stage;
      const cancellation = testCancellation();
      const bound = messagesWithin(fixture, messageBytes);
      const replies = probe.source(sized(bound, messageBytes));
      const requests = probe.source(sized(bound, messageBytes));
      const release = new Latch();
      probe.serve('blocked', kind, async (call): Promise<Reply> => {
        const reader = kind === 'server' ? undefined : probe.reader(call.messages());
        await reader?.take(1);
        if (kind !== 'client') return streamed(replies);
        await release.opened;
        return { value: 'late', metadata: noMetadata };
      });
      const messages = kind === 'server' ? undefined : requests.messages;
      const opened = probe.stream(kind, 'blocked', { cancellation, messages });
      const outcome = settled(
        opened.then(async (reply) => {
          const reader = probe.reader(reply.messages);
          await reader.take(1);
          await release.opened;
          return reader.rest();
        }),
      );
      const producers = kind === 'bidi' ? [requests, replies] : [kind === 'client' ? requests : replies];
      await probe.heldBack(producers);
      for (const { made } of producers) assert.ok(made < bound, 'nothing holds the producer back');
      cancellation.cancel();
      await probe.eventually(() => {
        for (const producer of producers)
          assert.ok(producer.ended, 'a producer that was held back was not returned from');
      });
      // Before it may answer: what is answered first cannot be cancelled any more.
      await probe.eventually(() => assert.equal(probe.cancels.length, 1, 'the handler was not told'));
      release.open();
      const error = await outcome;
      assert.ok(error instanceof ServiceError && error.code === 'Canceled', String(error));
      assert.equal(await probe.echo('after'), 'after');
    },
  },
  {
    sentence: 'it ends at its deadline on both sides',
    kinds: streamKinds,
    run: async ({ probe, kind, fixture }) => {
      const start = fixture.clock.now();
      let tookMs = 0;
      const stream = await streamUnderWay(probe, kind, { timeoutMs: 400 });
      const outcome = stream.outcome.finally(() => {
        tookMs = fixture.clock.now() - start;
      });
      await assertEnded(probe, { ...stream, outcome }, 'DeadlineExceeded');
      // Timers of the platform may fire a millisecond or two early.
      assert.ok(tookMs > 397, `the stream ended after ${tookMs} ms, before its deadline`);
      stream.goOn();
      assert.equal(await probe.echo('after'), 'after');
      assert.equal(probe.cancels.length, 1);
    },
  },
];

/** Streams whose caller cancels, or whose time runs out: felt at both ends, and everything is left tidy. */
export const cancelCases: readonly ConformanceCase<TransportFixture>[] = promises.flatMap(ofEachKind);

/** A stream whose handler has been reached and says nothing until the end. */
async function silentStream({ probe, kind }: Pick<StreamStage, 'probe' | 'kind'>) {
  const cancellation = testCancellation();
  const gate = new Latch();
  let read: ReturnType<typeof settled> | undefined;
  probe.serve('silent', kind, async (call): Promise<Reply> => {
    read = kind === 'server' ? undefined : settled(probe.reader(call.messages()).rest());
    if (kind !== 'client') return streamed(probe.source(inTurn(gate.opened)));
    await gate.opened;
    return { value: 'late', metadata: noMetadata };
  });
  const messages = kind === 'server' ? undefined : probe.source(inTurn([1], gate.opened)).messages;
  const outcome = probe.stream(kind, 'silent', { cancellation, messages }).catch((thrown: unknown) => thrown);
  await probe.eventually(() => assert.equal(probe.received.length, 1, 'the stream did not reach the handler'));
  return {
    cancellation,
    outcome,
    goOn: () => gate.open(),
    read: async () => read && probe.bounded(read, 'reading the requests'),
  };
}
