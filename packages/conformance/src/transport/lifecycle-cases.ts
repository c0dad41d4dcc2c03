import assert from 'node:assert/strict';
import { type Reply, ServiceError } from '@tenon/contract';
import { within } from '../eventually.js';
import { rejectsWith } from '../rejects-with.js';
import type { ConformanceCase } from '../suite.js';
import type { TransportFixture } from './fixture.js';
import { withProbe } from './probe.js';

/** How both sides end: drain finishes, close does not wait. */
export const lifecycleCases: readonly ConformanceCase<TransportFixture>[] = [
  {
    name: 'a draining listener finishes what runs and refuses what is new',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const { outcome } = await probe.holdCall();
        let drained = false;
        const drain = probe.listener.drain(new AbortController().signal).then(() => {
          drained = true;
        });
        assert.equal((await rejectsWith(() => probe.echo('new'), 'Unavailable')).executed, 'no');
        assert.equal(drained, false, 'drain did not wait for the call under way');
        assert.equal(probe.cancels.length, 0, 'drain cancelled the call under way');
        probe.release();
        assert.equal(assertReplied(await outcome).value, 'held');
        await probe.bounded(drain, 'listener.drain()');
        assert.equal((await rejectsWith(() => probe.echo('late'), 'Unavailable')).executed, 'no');
        assert.equal(probe.received.length, 1, 'a draining listener handed on a new call');
      }),
  },
  {
    name: 'a drain that is cut short cancels what still runs',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const { outcome } = await probe.holdCall();
        const abort = new AbortController();
        const drain = probe.listener.drain(abort.signal);
        abort.abort();
        await probe.bounded(drain, 'a drain that was cut short');
        assertLost(await outcome);
        await probe.eventually(() => assert.equal(probe.cancels.length, 1, 'the handler was not told'));
      }),
  },
  {
    name: 'a drain whose signal is aborted already cancels what runs at once',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const { outcome } = await probe.holdCall();
        await probe.bounded(probe.listener.drain(AbortSignal.abort()), 'a drain whose signal is aborted');
        assertLost(await outcome);
        await probe.eventually(() => assert.equal(probe.cancels.length, 1, 'the handler was not told'));
      }),
  },
  {
    name: 'draining an idle listener resolves at once, also with an aborted signal',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        await probe.echo('before');
        await probe.bounded(probe.listener.drain(new AbortController().signal), 'draining an idle listener');
        await probe.bounded(probe.listener.drain(AbortSignal.abort()), 'draining it again');
      }),
  },
  {
    name: 'closing the listener ends the calls under way on both sides, and later calls are refused',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const { outcome } = await probe.holdCall();
        await probe.bounded(probe.listener.close(), 'listener.close()');
        assertLost(await outcome);
        await probe.eventually(() => assert.equal(probe.cancels.length, 1, 'the handler was not told'));
        assert.equal((await rejectsWith(() => probe.echo('late'), 'Unavailable')).executed, 'no');
        await probe.bounded(probe.listener.close(), 'the second listener.close()');
        assert.equal(probe.received.length, 1);
      }),
  },
  {
    name: 'a draining connection finishes what runs, refuses what is new, and is closed then',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const { outcome } = await probe.holdCall();
        let drained = false;
        const drain = probe.connection.drain().then(() => {
          drained = true;
        });
        const refused = await rejectsWith(() => probe.echo('new'), 'Unavailable', 'FailedPrecondition');
        assert.equal(refused.executed, 'no');
        assert.equal(drained, false, 'drain did not wait for the call under way');
        probe.release();
        assert.equal(assertReplied(await outcome).value, 'held');
        await probe.bounded(drain, 'connection.drain()');
        assert.equal((await rejectsWith(() => probe.echo('late'), 'FailedPrecondition')).executed, 'no');
        assert.equal(probe.received.length, 1);
      }),
  },
  {
    name: 'closing the connection ends the calls under way on both sides, and later calls are refused',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const { outcome } = await probe.holdCall();
        await probe.bounded(probe.connection.close(), 'connection.close()');
        assertLost(await outcome);
        await probe.eventually(() => assert.equal(probe.cancels.length, 1, 'the handler was not told'));
        assert.equal((await rejectsWith(() => probe.echo('late'), 'FailedPrecondition')).executed, 'no');
        await probe.bounded(probe.connection.close(), 'the second connection.close()');
        await probe.bounded(probe.connection.drain(), 'connection.drain() after close');
      }),
  },
  {
    name: 'connections to one node do not depend on each other',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const second = await fixture.client.dial(probe.node, { service: 'probe' });
        const held = await probe.holdCall();
        assert.equal((await probe.callOver(second, 'echo', { value: 2 })).value, 2);
        await second.close();
        probe.release();
        assert.equal(assertReplied(await held.outcome).value, 'held');
        assert.equal(await probe.echo('after'), 'after');
      }),
  },
  {
    name: 'listening and closing again and again works and leaves nothing',
    async run(fixture, limits) {
      for (let turn = 0; turn < 3; turn += 1) {
        await withProbe(fixture, limits, {}, async (probe) => {
          assert.equal(await probe.echo(turn), turn);
          const { outcome } = await probe.holdCall();
          probe.release();
          await within(outcome, limits.patienceMs, 'the held call');
        });
      }
    },
  },
];

/** Ended from outside during the call: nobody can tell whether it ran. */
function assertLost(outcome: Reply | ServiceError): void {
  assert.ok(outcome instanceof ServiceError, 'the call succeeded');
  assert.equal(outcome.code, 'Unavailable', outcome.message);
  assert.equal(outcome.executed, 'maybe');
}

function assertReplied(outcome: Reply | ServiceError): Reply {
  if (outcome instanceof ServiceError) assert.fail(`the call failed: ${outcome.message}`);
  return outcome;
}
