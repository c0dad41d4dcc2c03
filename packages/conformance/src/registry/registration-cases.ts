import assert from 'node:assert/strict';
import type { RegisterOptions } from '@tenon/contract';
import { frozen } from '../frozen.js';
import { rejectsWith } from '../rejects-with.js';
import type { ConformanceCase } from '../suite.js';
import type { RegistryFixture } from './fixture.js';
import { idsOf, lookupIds, nodesOf, recordOf } from './sample-record.js';
import { settled } from './settled.js';

/** Registering, looking up, listing and releasing, while all is well. */
export const registrationCases: readonly ConformanceCase<RegistryFixture>[] = [
  {
    name: 'an unknown service has no records',
    async run({ registry }) {
      assert.deepEqual(await registry.lookup('nobody'), []);
      assert.deepEqual(await registry.list(), []);
    },
  },
  {
    name: 'a registered node is found by every client',
    async run({ registry, another }, limits) {
      const record = recordOf('greeter', 'n1');
      const lease = await registry.register(record, unhurried);
      assert.equal(lease.state, 'held');
      for (const client of [registry, await another()]) {
        await settled(
          client,
          async () => assert.deepEqual(plain(await client.lookup('greeter')), plain([record])),
          limits,
        );
      }
    },
  },
  {
    name: 'the same node registered twice is one, as it was registered last',
    async run({ registry }, limits) {
      const earlier = await registry.register(recordOf('greeter', 'n1', { address: '10.0.0.1:1001' }), unhurried);
      const later = await registry.register(recordOf('greeter', 'n1', { address: '10.0.0.1:2002' }), unhurried);
      const isReplaced = async (): Promise<void> => {
        const nodes = nodesOf(await registry.lookup('greeter'));
        assert.deepEqual(
          nodes.map((node) => node.address),
          ['10.0.0.1:2002'],
        );
      };
      await settled(registry, isReplaced, limits);
      assert.deepEqual([earlier.state, later.state], ['released', 'held']);
      await earlier.release();
      await settled(registry, isReplaced, limits);
    },
  },
  {
    name: 'a node registered again under another version leaves its earlier one',
    async run({ registry }, limits) {
      await registry.register(recordOf('greeter', 'n1', { version: '1.0.0' }), unhurried);
      await registry.register(recordOf('greeter', 'n1', { version: '2.0.0' }), unhurried);
      const check = async (): Promise<void> => {
        assert.deepEqual(versions(await registry.lookup('greeter')), [['2.0.0', ['n1']]]);
      };
      await settled(registry, check, limits);
    },
  },
  {
    name: 'nodes of one version are one record, and of two versions two',
    async run({ registry, another }, limits) {
      const other = await another();
      await registry.register(recordOf('greeter', 'n1'), unhurried);
      await other.register(recordOf('greeter', 'n2'), unhurried);
      await other.register(recordOf('greeter', 'n3', { version: '2.0.0' }), unhurried);
      const check = async (): Promise<void> => {
        assert.deepEqual(versions(await registry.lookup('greeter')), [
          ['1.0.0', ['n1', 'n2']],
          ['2.0.0', ['n3']],
        ]);
      };
      await settled(registry, check, limits);
    },
  },
  {
    name: 'metadata and endpoints come back as they were given: unicode, 64 KiB and empty values',
    async run({ registry, another }, limits) {
      const value = { name: 'Hello', type: 'HelloRequest', values: [{ name: 'name', type: 'string', values: null }] };
      const record = recordOf('greeter', 'n1', {
        metadata: { zone: 'café ☕ 茶 👩‍🚀', empty: '', 'request-schema': 'ß'.repeat(32 * 1_024) },
        endpoints: [
          { name: 'Greeter.Hello', request: value, response: null, metadata: { stream: 'false', quote: '"\\\n' } },
          { name: 'Greeter.Count', request: null, response: value, metadata: {} },
        ],
        nodes: [{ id: 'n1', address: '10.0.0.1:1001', metadata: { large: 'x'.repeat(64 * 1_024), κλειδί: '值' } }],
      });
      await registry.register(record, unhurried);
      const other = await another();
      await settled(other, async () => assert.deepEqual(plain(await other.lookup('greeter')), plain([record])), limits);
    },
  },
  {
    name: 'metadata keys named __proto__ or constructor are only data',
    async run({ registry, another }, limits) {
      const metadata = JSON.parse('{"__proto__":"p","constructor":"c","toString":"t","plain":"x"}') as Record<
        string,
        string
      >;
      const record = recordOf('greeter', 'n1', {
        metadata,
        nodes: [{ id: 'n1', address: '10.0.0.1:1001', metadata }],
      });
      await registry.register(record, unhurried);
      const other = await another();
      const check = async (): Promise<void> => {
        const [found] = await other.lookup('greeter');
        for (const pairs of [found?.metadata, found?.nodes[0]?.metadata]) {
          assert.deepEqual(Object.entries(pairs ?? {}).sort(), Object.entries(metadata).sort());
        }
      };
      await settled(other, check, limits);
      assert.equal(Reflect.get({}, 'plain'), undefined);
    },
  },
  {
    name: 'releasing removes the node, and twice is fine',
    async run({ registry, another }, limits) {
      const other = await another();
      const lease = await registry.register(recordOf('greeter', 'n1'), unhurried);
      await lease.release();
      assert.equal(lease.state, 'released');
      for (const client of [registry, other]) {
        await settled(client, async () => assert.deepEqual(await client.lookup('greeter'), []), limits);
        await settled(client, async () => assert.deepEqual(await client.list(), []), limits);
      }
      await lease.release();
      assert.equal(lease.state, 'released');
    },
  },
  {
    name: 'releasing removes the named node only',
    async run({ registry, another }, limits) {
      const other = await another();
      const lease = await registry.register(recordOf('greeter', 'n1'), unhurried);
      await registry.register(recordOf('greeter', 'n2'), unhurried);
      await other.register(recordOf('greeter', 'n3'), unhurried);
      await registry.register(recordOf('mailer', 'n1'), unhurried);
      await lease.release();
      const check = async (): Promise<void> => {
        assert.deepEqual(await lookupIds(other, 'greeter'), ['n2', 'n3']);
        assert.deepEqual(await lookupIds(other, 'mailer'), ['n1']);
      };
      await settled(other, check, limits);
    },
  },
  {
    name: 'the list is the sorted names of services that have a node',
    async run({ registry, another }, limits) {
      const other = await another();
      for (const name of ['mailer', 'accounts', 'Greeter']) await registry.register(recordOf(name, 'n1'), unhurried);
      await other.register(recordOf('mailer', 'n2', { version: '2.0.0' }), unhurried);
      const gone = await registry.register(recordOf('basket', 'n1'), unhurried);
      await gone.release();
      const check = async (): Promise<void> => {
        assert.deepEqual(await registry.list(), ['Greeter', 'accounts', 'mailer']);
      };
      await settled(registry, check, limits);
    },
  },
  {
    name: 'names that resemble each other are services of their own',
    async run({ registry }, limits) {
      const names = ['greeter', 'greeter-v2', 'greeter.v2', 'greeter/v2', 'greeter2', 'greeters', 'grüße 茶'];
      for (const [index, name] of names.entries()) await registry.register(recordOf(name, `n${index}`), unhurried);
      const check = async (): Promise<void> => {
        assert.deepEqual(await registry.list(), names);
        for (const [index, name] of names.entries()) assert.deepEqual(await lookupIds(registry, name), [`n${index}`]);
      };
      await settled(registry, check, limits);
    },
  },
  {
    name: 'a record without exactly one node is InvalidArgument and registers nothing',
    async run({ registry }) {
      const node = (id: string) => ({ id, address: '10.0.0.1:1001', metadata: {} });
      for (const nodes of [[], [node('n1'), node('n2')]]) {
        const error = await rejectsWith(
          () => registry.register(recordOf('greeter', 'n1', { nodes }), unhurried),
          'InvalidArgument',
        );
        assert.equal(error.executed, 'no');
      }
      assert.deepEqual(await registry.lookup('greeter'), []);
    },
  },
  {
    name: 'a time to live out of range is InvalidArgument and registers nothing',
    async run({ registry }) {
      for (const ttlMs of [0, 999, -1, Number.NaN, 24 * 3_600_000 + 1]) {
        await rejectsWith(() => registry.register(recordOf('greeter', 'n1'), { ttlMs }), 'InvalidArgument');
      }
      assert.deepEqual(await registry.lookup('greeter'), []);
    },
  },
  {
    name: 'an aborted call is Canceled and registers nothing',
    async run({ registry }) {
      const signal = AbortSignal.abort();
      await rejectsWith(() => registry.register(recordOf('greeter', 'n1'), { ...unhurried, signal }), 'Canceled');
      await rejectsWith(() => registry.lookup('greeter', { signal }), 'Canceled');
      await rejectsWith(() => registry.list({ signal }), 'Canceled');
      assert.deepEqual(await registry.lookup('greeter'), []);
    },
  },
  {
    name: '100 concurrent registrations are all found, and all removed again',
    async run({ registry, another }, limits) {
      const clients = [registry, await another()] as const;
      const ids = Array.from({ length: 100 }, (_, index) => `n${String(index).padStart(3, '0')}`);
      const leases = await Promise.all(
        ids.map((id, index) => clients[index % 2 === 0 ? 0 : 1].register(recordOf('greeter', id), unhurried)),
      );
      await settled(registry, async () => assert.deepEqual(await lookupIds(registry, 'greeter'), ids), limits);
      await Promise.all(leases.map((lease) => lease.release()));
      await settled(registry, async () => assert.deepEqual(await registry.lookup('greeter'), []), limits);
    },
  },
  {
    name: 'a record is copied: later changes to what was given or found change nothing',
    async run({ registry }, limits) {
      const metadata: Record<string, string> = { zone: 'a' };
      const nodes = [{ id: 'n1', address: '10.0.0.1:1001', metadata }];
      await registry.register({ name: 'greeter', version: '1.0.0', metadata: {}, endpoints: [], nodes }, unhurried);
      metadata['zone'] = 'changed by the caller';
      nodes.push({ id: 'n2', address: '10.0.0.2:1002', metadata: {} });
      const untouched = async (): Promise<void> => {
        const found = await registry.lookup('greeter');
        assert.deepEqual(idsOf(found), ['n1']);
        assert.equal(nodesOf(found)[0]?.metadata['zone'], 'a');
        // A frozen answer is as good as a copy: what counts is that the next reader sees nothing of it.
        Reflect.set(found[0]?.nodes[0]?.metadata ?? {}, 'zone', 'changed by a reader');
        Reflect.set(found[0]?.nodes ?? [], 'length', 0);
      };
      await settled(registry, untouched, limits);
      await settled(registry, untouched, limits);
    },
  },
  {
    name: 'what callers hand over is left as it was',
    async run({ registry }, limits) {
      const metadata = { zone: 'a' };
      const given = {
        name: 'greeter',
        version: '1.0.0',
        metadata,
        endpoints: [{ name: 'Greeter.Hello', request: null, response: null, metadata }],
        nodes: [{ id: 'n1', address: '10.0.0.1:1001', metadata }],
      };
      const before = JSON.stringify(given);
      await registry.register(given, unhurried);
      assert.equal(JSON.stringify(given), before);
      await registry.register(frozen(given), unhurried);
      await settled(registry, async () => assert.deepEqual(await lookupIds(registry, 'greeter'), ['n1']), limits);
    },
  },
  {
    name: 'after close every method rejects with FailedPrecondition, and closing twice is fine',
    async run({ registry, another }, limits) {
      const other = await another();
      const lease = await registry.register(recordOf('greeter', 'n1'), unhurried);
      await registry.close();
      await registry.close();
      assert.equal(lease.state, 'released');
      await rejectsWith(() => registry.register(recordOf('greeter', 'n2'), unhurried), 'FailedPrecondition');
      await rejectsWith(() => registry.lookup('greeter'), 'FailedPrecondition');
      await rejectsWith(() => registry.list(), 'FailedPrecondition');
      await rejectsWith(() => registry.watch('greeter')[Symbol.asyncIterator]().next(), 'FailedPrecondition');
      await settled(other, async () => assert.deepEqual(await other.lookup('greeter'), []), limits);
    },
  },
];

/** A time to live that no case outlasts. */
const unhurried: RegisterOptions = Object.freeze({ ttlMs: 60_000 });

/** Prototypes differ between providers on purpose; the data must not. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function versions(
  records: readonly { readonly version: string; readonly nodes: readonly { readonly id: string }[] }[],
) {
  return records
    .map(({ version, nodes }) => [version, nodes.map(({ id }) => id).sort()] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
}
