import assert from 'node:assert/strict';
import { type Reply, ServiceError } from '@tenon/contract';
import { rejectsWith } from '../rejects-with.js';
import type { ConformanceCase } from '../suite.js';
import type { TransportFixture } from './fixture.js';
import { type Probe, withProbe } from './probe.js';
import { testCancellation } from './test-cancellation.js';

/** Calls that end before their reply: deadline, cancel, a lost peer. */
export const endingCases: readonly ConformanceCase<TransportFixture>[] = [
  {
    name: 'a connection that answers by call-back tells its listener once, of whatever ends the call',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const replied = probe.send('echo', { value: 'hi' });
        const late = probe.send('echo', { timeoutMs: -1 });
        const cancellation = testCancellation();
        const held = probe.send('hold', { cancellation });
        await probe.eventually(() => assert.equal(replied.told.length, 1));
        assert.equal((replied.told[0] as Reply).value, 'hi');
        assert.equal(await probe.echo('after'), 'after');
        cancellation.cancel();
        await probe.eventually(() => assert.deepEqual([late.told.length, held.told.length], [1, 1]));
        assert.equal(assertFailed(late.told[0], 'DeadlineExceeded').executed, 'no');
        assert.equal(assertFailed(held.told[0], 'Canceled').executed, 'maybe');
        probe.release();
        assert.equal(await probe.echo('at last'), 'at last');
        assert.deepEqual([replied.told.length, late.told.length, held.told.length], [1, 1, 1]);
      }),
  },
  {
    name: 'the deadline arrives as the time that is left',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        for (const timeoutMs of [60_000, 1_800_000]) {
          await probe.call('echo', { timeoutMs });
          const deadline = probe.received.at(-1)?.deadline ?? Number.NaN;
          const leftMs = deadline - probe.side.clock.now();
          assert.ok(leftMs <= timeoutMs + 1, `of ${timeoutMs} ms, ${leftMs} arrived`);
          assert.ok(leftMs > timeoutMs / 2, `of ${timeoutMs} ms, ${leftMs} arrived`);
        }
      }),
  },
  {
    name: 'a call ends at its deadline, and its handler feels it',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const start = fixture.clock.now();
        let tookMs = 0;
        const call = probe.call('hold', { timeoutMs: 400 }).finally(() => {
          tookMs = fixture.clock.now() - start;
        });
        const error = await rejectsWith(() => call, 'DeadlineExceeded');
        // Timers of the platform may fire a millisecond or two early.
        assert.ok(tookMs > 397, `the call ended after ${tookMs} ms, before its deadline`);
        assert.equal(error.executed, 'maybe');
        assert.equal(await probe.echo('after'), 'after');
        await assertFeltOnce(probe);
      }),
  },
  {
    name: 'a call whose deadline has passed is never sent',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const error = await rejectsWith(() => probe.call('echo', { timeoutMs: -1 }), 'DeadlineExceeded');
        assert.equal(error.executed, 'no');
        assert.equal(await probe.echo('after'), 'after');
        assert.equal(probe.received.length, 1);
      }),
  },
  {
    name: 'a cancellation ends the call with its reason, and its handler feels it',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const cancellation = testCancellation();
        const { outcome } = await probe.holdCall({ cancellation });
        cancellation.cancel(new ServiceError('Aborted', 'another was faster', { executed: 'no' }));
        const error = assertFailed(await outcome, 'Aborted');
        assert.equal(error.rawMessage, 'another was faster');
        assert.equal(error.executed, 'maybe');
        assert.equal(await probe.echo('after'), 'after');
        await assertFeltOnce(probe);
      }),
  },
  {
    name: 'a call that is cancelled already is never sent',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const cancellation = testCancellation();
        cancellation.cancel();
        const error = await rejectsWith(() => probe.call('echo', { cancellation }), 'Canceled');
        assert.equal(error.executed, 'no');
        assert.equal(await probe.echo('after'), 'after');
        assert.equal(probe.received.length, 1);
      }),
  },
  {
    name: 'one cancellation of many calls ends those under way, and no other',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const cancellation = testCancellation();
        const first = await probe.holdCall({ cancellation });
        const second = await probe.holdCall({ cancellation });
        const other = await probe.holdCall();
        cancellation.cancel();
        assertFailed(await first.outcome, 'Canceled');
        assertFailed(await second.outcome, 'Canceled');
        probe.release();
        assert.equal(assertReplied(await other.outcome).value, 'held');
      }),
  },
  {
    name: 'a call that was answered is not cancelled afterwards',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const cancellation = testCancellation();
        await probe.call('echo', { cancellation });
        await probe.call('echo');
        assert.equal(cancellation.listening, 0, 'an ended call still listens to its cancellation');
        cancellation.cancel();
        assert.equal(await probe.echo('after'), 'after');
        await probe.connection.close();
        await probe.listener.close();
        assert.equal(probe.cancels.length, 0);
      }),
  },
  {
    name: 'a node is reached where it speaks this transport, and not where it speaks another alone',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        assert.equal(fixture.client.reaches(probe.node), true);
        assert.equal(fixture.client.reaches(fixture.nobody), true);
        const metadata = { protocol: 'carrier-pigeon', 'tenon-protocols': 'carrier-pigeon' };
        assert.equal(fixture.client.reaches({ id: 'p', address: 'pigeon:4', metadata }), false);
        assert.ok(fixture.client.kinds.includes('unary'));
        assert.match(fixture.client.name, /^[a-z0-9][a-z0-9/.-]*$/);
      }),
  },
  {
    name: 'calling where nobody listens is Unavailable, and was certainly not executed',
    async run(fixture, limits) {
      await withProbe(fixture, limits, {}, async (probe) => {
        const attempt = async () => {
          const connection = await fixture.client.dial(fixture.nobody, { service: 'probe' });
          try {
            return await probe.callOver(connection, 'echo');
          } finally {
            await connection.close();
          }
        };
        const error = await rejectsWith(() => probe.bounded(attempt(), 'a call to nobody'), 'Unavailable');
        assert.equal(error.executed, 'no');
      });
    },
  },
  {
    name: 'an aborted dial is Canceled',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const dial = () => fixture.client.dial(probe.node, { service: 'probe', signal: AbortSignal.abort() });
        assert.equal((await rejectsWith(dial, 'Canceled')).executed, 'no');
      }),
  },
  {
    name: 'a peer that vanishes during a call makes it Unavailable, perhaps executed, and later calls certainly not',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const { outcome } = await probe.holdCall();
        await probe.side.vanish();
        assert.equal(assertFailed(await outcome, 'Unavailable').executed, 'maybe');
        const error = await rejectsWith(() => probe.echo('after'), 'Unavailable');
        assert.equal(error.executed, 'no');
      }),
  },
];

function assertFailed(outcome: Reply | ServiceError | undefined, code: ServiceError['code']): ServiceError {
  assert.ok(outcome instanceof ServiceError, 'the call succeeded');
  assert.equal(outcome.code, code, outcome.message);
  return outcome;
}

function assertReplied(outcome: Reply | ServiceError): Reply {
  if (outcome instanceof ServiceError) assert.fail(`the call failed: ${outcome.message}`);
  return outcome;
}

/** The one held call heard of its end, and will not hear of it again. */
async function assertFeltOnce(probe: Probe): Promise<void> {
  await probe.eventually(() => assert.equal(probe.cancels.length, 1, 'the handler does not know that its caller left'));
  assert.ok(probe.cancels[0] instanceof ServiceError);
  await probe.connection.close();
  assert.equal(probe.cancels.length, 1, 'the handler heard of its end twice');
}
