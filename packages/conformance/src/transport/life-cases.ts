import assert from 'node:assert/strict';
import type { Reply, ServiceError } from '@tenon/contract';
import type { CaseLimits, ConformanceCase } from '../suite.js';
import type { TransportFixture } from './fixture.js';
import { type Probe, withFreezableProbe, withProbe } from './probe.js';

/** Signs of life, where a wire has them: a connection without `probe` promises none, and cases find nothing to hold it to. */
export const lifeCases: readonly ConformanceCase<TransportFixture>[] = [
  {
    name: 'a peer that lives gives a sign of life, before any call, beside a slow one and after it',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        if (probe.connection.probe === undefined) return;
        assert.equal(await probe.alive(), true, 'before any call');
        const { outcome } = await probe.holdCall();
        // As often as a client asks that wonders whether to wait on: no peer may take it for abuse.
        for (let turn = 0; turn < 6; turn += 1) assert.equal(await probe.alive(), true, 'beside a slow call');
        assert.deepEqual(await Promise.all([probe.alive(), probe.alive()]), [true, true], 'twice at once');
        probe.release();
        assert.equal(((await outcome) as Reply).value, 'held');
        assert.equal(await probe.alive(), true, 'after the call');
        assert.equal(probe.received.length, 1, 'the handler heard of it');
      }),
  },
  {
    name: 'a peer that was frozen gives no sign of life, and neither question nor end leaves anything',
    run: (fixture, limits) =>
      whereProbed(fixture, limits, async (probe, freeze) => {
        assert.equal(await probe.alive(), true);
        const call = probe.call('hold').catch((thrown: ServiceError) => thrown);
        freeze();
        assert.equal(await probe.alive(300), false, 'nothing came, and yet it lives');
        const asked = probe.alive(600_000);
        await probe.bounded(probe.connection.close(), 'connection.close()');
        assert.equal(await asked, false, 'the connection was closed');
        await probe.bounded(call, 'the call under way');
      }),
  },
  {
    name: 'a connection that has ended gives no sign of life, and says so at once',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        if (probe.connection.probe === undefined) return;
        await probe.connection.close();
        assert.equal(await probe.alive(600_000), false);
      }),
  },
  {
    name: 'a draining peer that still works on a call gives signs of life',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        if (probe.connection.probe === undefined) return;
        const { outcome } = await probe.holdCall();
        const drained = probe.listener.drain(new AbortController().signal);
        assert.equal(await probe.alive(), true);
        probe.release();
        assert.equal(((await outcome) as Reply).value, 'held');
        await probe.bounded(drained, 'listener.drain()');
      }),
  },
];

/** Runs a case over a way that can be frozen, unless connections have no `probe`. */
async function whereProbed(
  fixture: TransportFixture,
  limits: CaseLimits,
  run: (probe: Probe, freeze: () => void) => Promise<void>,
): Promise<void> {
  let probed = true;
  await withProbe(fixture, limits, {}, async ({ connection }) => {
    probed = connection.probe !== undefined;
  });
  if (probed) await withFreezableProbe(fixture, limits, run);
}
