import assert from 'node:assert/strict';
import { type Code, codes, type Executed, noMetadata, ServiceError } from '@tenon/contract';
import { assertSameData } from '../codec/same-data.js';
import { rejectsWith } from '../rejects-with.js';
import type { ConformanceCase } from '../suite.js';
import type { TransportFixture } from './fixture.js';
import { withProbe } from './probe.js';

/** How failures of the handler arrive. */
export const errorCases: readonly ConformanceCase<TransportFixture>[] = [
  {
    name: 'an error of the handler arrives whole, whichever of the codes it has',
    async run(fixture, limits) {
      const details = { field: 'name', limits: [1, 2], nested: { ok: true, none: null } };
      const fail = (call: { readonly metadata: Readonly<Record<string, string>> }): never => {
        throw new ServiceError(call.metadata['code'] as Code, 'no order 42: Zoë\nsaid "no"', {
          details,
          executed: 'yes',
          service: 'orders',
          endpoint: 'Orders.Find',
          node: 'node-1',
          correlationId: 'c-17',
          cause: new Error('kept at home'),
        });
      };
      await withProbe(fixture, limits, { fail }, async (probe) => {
        for (const code of Object.keys(codes) as Code[]) {
          for (const { contentType } of fixture.codecs) {
            const error = await rejectsWith(() => probe.call('fail', { metadata: { code }, contentType }), code);
            const { cause, ...record } = { cause: error.cause, ...error.toRecord() };
            assertSameData(record, {
              code,
              message: 'no order 42: Zoë\nsaid "no"',
              details,
              executed: 'yes',
              service: 'orders',
              endpoint: 'Orders.Find',
              node: 'node-1',
              correlationId: 'c-17',
            });
            assert.ok(!String(cause).includes('kept at home'), 'the cause crossed the wire');
          }
        }
      });
    },
  },
  {
    name: 'what the handler says about having run is kept',
    async run(fixture, limits) {
      const fail = (call: { readonly metadata: Readonly<Record<string, string>> }): never => {
        throw new ServiceError('Unavailable', 'told', { executed: call.metadata['executed'] as Executed });
      };
      await withProbe(fixture, limits, { fail }, async (probe) => {
        for (const executed of ['no', 'maybe', 'yes'] as const) {
          const error = await rejectsWith(() => probe.call('fail', { metadata: { executed } }), 'Unavailable');
          assert.equal(error.executed, executed);
        }
      });
    },
  },
  {
    name: 'an error without details arrives without details, and a long message arrives whole',
    async run(fixture, limits) {
      const message = 'a long story '.repeat(300);
      const fail = (): never => {
        throw new ServiceError('Aborted', message, { executed: 'yes' });
      };
      await withProbe(fixture, limits, { fail }, async (probe) => {
        const error = await rejectsWith(() => probe.call('fail'), 'Aborted');
        assert.equal(error.rawMessage, message);
        assert.equal(error.details ?? undefined, undefined);
        assert.equal(error.correlationId, undefined);
      });
    },
  },
  {
    name: 'a reply that cannot be encoded is Internal and counts as executed',
    async run(fixture, limits) {
      const unfit = () => ({ value: { callback: () => 1 }, metadata: noMetadata });
      await withProbe(fixture, limits, { unfit }, async (probe) => {
        for (const { contentType } of fixture.codecs) {
          const error = await rejectsWith(() => probe.call('unfit', { contentType }), 'Internal');
          assert.equal(error.executed, 'yes');
        }
        assert.equal(await probe.echo('after'), 'after');
      });
    },
  },
  {
    name: 'a request that cannot be encoded is refused before it is sent',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        for (const { contentType } of fixture.codecs) {
          const call = () => probe.call('echo', { value: { callback: () => 1 }, contentType });
          assert.equal((await rejectsWith(call, 'InvalidArgument')).executed, 'no');
        }
        assert.equal(await probe.echo('after'), 'after');
        assert.equal(probe.received.length, 1);
      }),
  },
];
