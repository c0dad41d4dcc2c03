import assert from 'node:assert/strict';
import { type Code, type Executed, type Reply, ServiceError } from '@tenon/contract';
import { rejectsWith } from '../rejects-with.js';
import type { ConformanceCase } from '../suite.js';
import type { TransportFixture } from './fixture.js';
import { withProbe } from './probe.js';

/** What an error says about the node: whether it answered, and why it turned a call away. */
export const blameCases: readonly ConformanceCase<TransportFixture>[] = [
  {
    name: 'an error of the handler was answered by the peer, whatever its code, and is no refusal',
    async run(fixture, limits) {
      const fail = (call: { readonly metadata: Readonly<Record<string, string>> }): never => {
        throw new ServiceError(call.metadata['code'] as Code, 'told', { executed: 'yes' });
      };
      await withProbe(fixture, limits, { fail }, async (probe) => {
        for (const code of ['Internal', 'Unavailable', 'NotFound'] as const) {
          const error = await rejectsWith(() => probe.call('fail', { metadata: { code } }), code);
          assert.deepEqual([error.answered, error.refusal], [true, undefined]);
        }
      });
    },
  },
  {
    name: 'a refusal of the handler arrives as one, and only where the call was not executed',
    async run(fixture, limits) {
      const fail = ({ metadata }: { readonly metadata: Readonly<Record<string, string>> }): never => {
        const executed = metadata['executed'] as Executed;
        throw new ServiceError('ResourceExhausted', 'too much to do', { executed, refusal: 'overloaded' });
      };
      await withProbe(fixture, limits, { fail }, async (probe) => {
        for (const [executed, refusal] of [
          ['no', 'overloaded'],
          ['yes', undefined],
        ] as const) {
          const error = await rejectsWith(() => probe.call('fail', { metadata: { executed } }), 'ResourceExhausted');
          assert.deepEqual([error.answered, error.refusal], [true, refusal]);
        }
      });
    },
  },
  {
    name: 'a draining peer turns new calls away, and says that it drains',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const { outcome } = await probe.holdCall();
        const drained = probe.listener.drain(new AbortController().signal);
        const error = await rejectsWith(() => probe.echo('new'), 'Unavailable');
        assert.deepEqual([error.executed, error.refusal], ['no', 'draining']);
        probe.release();
        assert.equal(((await outcome) as Reply).value, 'held');
        await probe.bounded(drained, 'listener.drain()');
        assert.equal(probe.received.length, 1, 'a draining listener handed on a new call');
      }),
  },
  {
    name: 'where nobody listens nobody answers, and nobody refuses',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const attempt = async () => {
          const connection = await fixture.client.dial(fixture.nobody, { service: 'probe' });
          try {
            return await probe.callOver(connection, 'echo');
          } finally {
            await connection.close();
          }
        };
        const error = await rejectsWith(() => probe.bounded(attempt(), 'a call to nobody'), 'Unavailable');
        assert.deepEqual([error.executed, error.answered, error.refusal], ['no', false, undefined]);
      }),
  },
  {
    name: 'a connection that breaks under a call was no answer, nor is what this side decides',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const late = await rejectsWith(() => probe.call('hold', { timeoutMs: 50 }), 'DeadlineExceeded');
        assert.equal(late.answered, false);
        const { outcome } = await probe.holdCall();
        await probe.side.vanish();
        const error = await outcome;
        assert.ok(error instanceof ServiceError, 'the call succeeded');
        assert.deepEqual(
          [error.code, error.executed, error.answered, error.refusal],
          ['Unavailable', 'maybe', false, undefined],
        );
      }),
  },
  {
    name: 'a call to an address that belongs to another service now is never run, and says whom it was for',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const stale = { ...probe.node, id: 'other-1' };
        const attempt = async () => {
          const connection = await fixture.client.dial(stale, { service: 'other' });
          try {
            return await connection.unary({
              endpoint: { service: 'other', name: 'Probe.Echo', kind: 'unary', idempotent: false },
              value: 1,
              metadata: {},
              deadline: fixture.clock.now() + 30_000,
            });
          } finally {
            await connection.close();
          }
        };
        const error = await rejectsWith(
          () => probe.bounded(attempt(), 'a call to an address that was taken over'),
          'Unavailable',
          'Unimplemented',
        );
        assert.deepEqual([error.executed, error.answered], ['no', true]);
        // A wire without a greeting leaves it to the handler, which must know for whom a call is.
        for (const call of probe.received) assert.deepEqual([call.service, call.node], ['other', 'other-1']);
        assert.equal(await probe.echo('still here'), 'still here');
      }),
  },
];
