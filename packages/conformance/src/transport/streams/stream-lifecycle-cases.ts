import assert from 'node:assert/strict';
import { ServiceError } from '@tenon/contract';
import { rejectsWith } from '../../rejects-with.js';
import type { ConformanceCase } from '../../suite.js';
import type { TransportFixture } from '../fixture.js';
import type { Probe } from '../probe.js';
import { ofEachKind, type StreamKind, type StreamPromise, streamKinds } from './stream-case.js';
import { assertEnded, type StreamUnderWay, streamUnderWay } from './under-way.js';

const promises: readonly StreamPromise[] = [
  {
    sentence: 'a peer that vanishes makes it Unavailable, perhaps executed',
    kinds: streamKinds,
    run: async ({ probe, kind }) => {
      const stream = await streamUnderWay(probe, kind);
      await probe.side.vanish();
      await assertLost(probe, stream);
    },
  },
  {
    sentence: 'closing the connection ends it on both sides',
    kinds: streamKinds,
    run: async ({ probe, kind }) => {
      const stream = await streamUnderWay(probe, kind);
      await probe.bounded(probe.connection.close(), 'connection.close()');
      await assertLost(probe, stream);
      assert.equal((await rejectsWith(() => probe.stream(kind, 'middle'), 'FailedPrecondition')).executed, 'no');
    },
  },
  {
    sentence: 'closing the listener ends it on both sides',
    kinds: streamKinds,
    run: async ({ probe, kind }) => {
      const stream = await streamUnderWay(probe, kind);
      await probe.bounded(probe.listener.close(), 'listener.close()');
      await assertLost(probe, stream);
      assert.equal((await rejectsWith(() => probe.stream(kind, 'middle'), 'Unavailable')).executed, 'no');
    },
  },
  {
    sentence: 'a drain that is cut short ends it on both sides',
    kinds: streamKinds,
    run: async ({ probe, kind }) => {
      const stream = await streamUnderWay(probe, kind);
      const abort = new AbortController();
      const drain = probe.listener.drain(abort.signal);
      abort.abort();
      await probe.bounded(drain, 'a drain that was cut short');
      await assertLost(probe, stream);
    },
  },
  {
    sentence: 'a draining listener lets it go on to its end',
    kinds: streamKinds,
    run: async ({ probe, kind }) => {
      const stream = await streamUnderWay(probe, kind);
      await assertDrains(probe, kind, stream, () => probe.listener.drain(new AbortController().signal));
    },
  },
  {
    sentence: 'a draining connection lets it go on to its end',
    kinds: streamKinds,
    run: async ({ probe, kind }) => {
      const stream = await streamUnderWay(probe, kind);
      await assertDrains(probe, kind, stream, () => probe.connection.drain());
    },
  },
];

/** What the ends of connections and listeners do to streams in their middle. */
export const streamLifecycleCases: readonly ConformanceCase<TransportFixture>[] = promises.flatMap(ofEachKind);

async function assertLost(probe: Probe, stream: StreamUnderWay): Promise<void> {
  assert.equal((await assertEnded(probe, stream, 'Unavailable')).executed, 'maybe');
  stream.goOn();
}

/** It waits for the stream, whose messages still flow both ways, and lets no other begin. */
async function assertDrains(
  probe: Probe,
  kind: StreamKind,
  stream: StreamUnderWay,
  drain: () => Promise<void>,
): Promise<void> {
  let drained = false;
  const draining = drain().then(() => {
    drained = true;
  });
  const messages = kind === 'server' ? undefined : probe.source([1]).messages;
  const late = () => probe.stream(kind, 'middle', { messages });
  assert.equal((await rejectsWith(late, 'Unavailable', 'FailedPrecondition')).executed, 'no');
  assert.equal(drained, false, 'drain did not wait for the stream under way');
  stream.goOn();
  const outcome = await stream.outcome;
  assert.ok(!(outcome instanceof ServiceError), `the stream ended with ${outcome}`);
  assert.equal(outcome.length, kind === 'client' ? 1 : 6);
  if (stream.read !== undefined) {
    const read = await stream.read;
    assert.ok(!(read instanceof ServiceError), `reading the requests ended with ${read}`);
    assert.equal(read.length, 6);
  }
  await probe.bounded(draining, 'the drain');
  assert.equal(probe.cancels.length, 0, 'drain cancelled the stream under way');
  assert.equal(probe.received.length, 1, 'a new stream reached the handler');
}
