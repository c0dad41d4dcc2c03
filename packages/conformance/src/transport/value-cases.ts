import assert from 'node:assert/strict';
import { type Codec, callMetadata, type IncomingCall, noMetadata, ServiceError } from '@tenon/contract';
import { bytesOf } from '../codec/bytes.js';
import { assertSameData } from '../codec/same-data.js';
import { seededRandom } from '../codec/seeded-random.js';
import { valueTable } from '../codec/value-table.js';
import { frozen } from '../frozen.js';
import { rejectsWith } from '../rejects-with.js';
import type { ConformanceCase } from '../suite.js';
import type { TransportFixture } from './fixture.js';
import { withProbe } from './probe.js';
import { clientOnlyType, garbledType, nobodysType } from './suite-codecs.js';

/** What travels: values, sizes, content types, metadata. */
export const valueCases: readonly ConformanceCase<TransportFixture>[] = [
  {
    name: 'a call reaches the handler under its name, and the reply comes back',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        assertSameData(await probe.echo({ name: 'Ada' }), { name: 'Ada' });
        const [call] = probe.received;
        assert.equal(call?.endpoint, 'Probe.Echo');
        assert.ok(call.service === 'probe' || call.service === '', `the service arrived as ${call.service}`);
        assert.equal(call.peer.transport, probe.side.transport.name);
        assert.notEqual(call.peer.address, '');
        assert.ok(call.node === undefined || call.node === probe.node.id, `the node arrived as ${call.node}`);
      }),
  },
  {
    name: 'a node that is known by its address alone can be called, and no node id is made up',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const connection = await fixture.client.dial({ ...probe.node, id: '' }, { service: 'probe' });
        assert.equal((await probe.callOver(connection, 'echo', { value: 1 })).value, 1);
        await connection.close();
        assert.equal(probe.received[0]?.node, undefined);
      }),
  },
  {
    name: 'every value of the table travels both ways',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        for (const { contentType } of fixture.codecs) {
          for (const { name, value } of valueTable()) {
            const { value: echoed } = await probe.call('echo', { value, contentType });
            assertSameData(echoed, value, `${name} as ${contentType}`);
          }
        }
      }),
  },
  {
    name: 'empty requests and replies travel',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        assert.equal((await probe.echo(undefined)) ?? null, null);
        assert.equal(await probe.echo(''), '');
        assert.equal(await probe.echo(1), 1);
        assertSameData(await probe.echo({}), {});
      }),
  },
  {
    name: 'neither side shares an object with the other',
    async run(fixture, limits) {
      const kept = { list: [1] };
      const metadata: Record<string, string> = { 'echo-a': '1' };
      const keep = (call: IncomingCall) => {
        (call.decode() as typeof kept).list.push(99);
        return { value: kept, metadata };
      };
      await withProbe(fixture, limits, { keep }, async (probe) => {
        const request = { list: [1] };
        const reply = await probe.call('keep', { value: request });
        kept.list.push(2);
        metadata['echo-a'] = '2';
        assert.deepEqual(request, { list: [1] }, 'the caller sees what the handler did to the request');
        assertSameData(reply.value, { list: [1] });
        assert.equal(reply.metadata['echo-a'], '1');
      });
    },
  },
  {
    name: "the caller's value and metadata are not changed",
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const value = frozen({ a: [1, { b: 2 }] });
        const reply = await probe.call('echo', { value, metadata: frozen({ 'echo-a': '1' }) });
        assertSameData(reply.value, value);
      }),
  },
  {
    name: 'a handler may answer without decoding the request',
    run: (fixture, limits) =>
      withProbe(fixture, limits, { ignore: () => ({ value: 'ignored', metadata: noMetadata }) }, async (probe) => {
        const value = 'x'.repeat(Math.floor(probe.side.port.maxMessageBytes / 4));
        for (let turn = 0; turn < 3; turn += 1) {
          assert.equal((await probe.call('ignore', { value })).value, 'ignored');
          assert.equal(await probe.echo(turn), turn);
        }
      }),
  },
  {
    name: 'a request of the largest size is served, a larger one is refused, and other calls go on',
    async run(fixture, limits) {
      const size = (call: IncomingCall) => ({ value: (call.decode() as string).length, metadata: noMetadata });
      await withProbe(fixture, limits, { size }, async (probe) => {
        const held = await probe.holdCall({ value: 'meanwhile' });
        for (const codec of fixture.codecs) {
          const { contentType } = codec;
          const largest = textOfEncodedBytes(codec, probe.side.port.maxMessageBytes);
          const { value: length } = await probe.call('size', { value: largest, contentType });
          assert.equal(length, largest.length);
          const before = probe.received.length;
          const refused = () => probe.call('size', { value: `${largest}x`, contentType });
          assert.equal((await rejectsWith(refused, 'ResourceExhausted')).executed, 'no');
          assert.equal(probe.received.length, before, 'a request over the limit reached the handler');
        }
        assert.equal(await probe.echo('after'), 'after');
        probe.release();
        assertSameData(await held.outcome, { value: 'held', metadata: {} });
      });
    },
  },
  {
    name: 'every codec works beside the others on one listener',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const types = fixture.codecs.map(({ contentType }) => contentType);
        const calls = [...types, ...types].map(async (contentType) => {
          assertSameData((await probe.call('echo', { value: { contentType }, contentType })).value, { contentType });
        });
        await Promise.all(calls);
        for (const type of types) {
          const arrived = probe.received.filter((call) => call.contentType === type);
          assert.equal(arrived.length, 2, `calls that arrived as ${type}`);
        }
        assert.ok(types.length > 0, 'the fixture has no codec');
      }),
  },
  {
    name: 'a content type that one side does not know is refused before the handler runs',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        for (const contentType of [nobodysType, clientOnlyType]) {
          const error = await rejectsWith(() => probe.call('echo', { value: 1, contentType }), 'InvalidArgument');
          assert.equal(error.executed, 'no', contentType);
        }
        assert.equal(await probe.echo('after'), 'after');
        assert.equal(probe.received.length, 1, 'a call of an unknown content type reached the handler');
      }),
  },
  {
    name: 'bytes that cannot be decoded are refused as bad input, without having run',
    async run(fixture, limits) {
      const thrown: unknown[] = [];
      const decode = (call: IncomingCall) => {
        try {
          return { value: call.decode(), metadata: noMetadata };
        } catch (error) {
          thrown.push(error);
          throw error;
        }
      };
      await withProbe(fixture, limits, { decode }, async (probe) => {
        const call = () => probe.call('decode', { value: 'garble me', contentType: garbledType });
        const error = await rejectsWith(call, 'InvalidArgument');
        assert.equal(error.executed, 'no');
        assert.equal(thrown.length, 1, 'decode() of the incoming call did not throw');
        assert.equal(await probe.echo('after'), 'after');
      });
    },
  },
  {
    name: 'a reply that the caller cannot decode counts as executed',
    async run(fixture, limits) {
      const reply = () => ({ value: 'garble me', metadata: noMetadata });
      await withProbe(fixture, limits, { reply }, async (probe) => {
        const error = await probe.call('reply', { contentType: garbledType }).then(
          () => assert.fail('a garbled reply was accepted'),
          (thrown: { executed?: unknown }) => thrown,
        );
        assert.equal(error.executed, 'yes', 'a client that repeats this call repeats what was done');
        assert.equal(await probe.echo('after'), 'after');
      });
    },
  },
  {
    name: 'metadata travels with the call and with the reply, and nothing comes back by itself',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        const echoed = {
          'echo-plain': 'value',
          'echo-empty': '',
          'echo-unicode': 'Zoë · жук · 日本語 · 🙂',
          'echo-padded': '  two spaces each side  ',
          'echo-tab': 'a\tb',
          'echo-percent': '100 % %41 %e4 +',
          'echo-quotes': '"a"; b=\'c\', d\\e',
          'echo-base64': Buffer.from('Zoë').toString('base64'),
          'echo-long': 'x'.repeat(4_096),
          "echo-!#$%&'*+-.^_`|~": 'token',
        };
        const others = { constructor: 'data', 'x-request-id': 'r-1', authorization: 'Bearer secret' };
        // What the framework itself sends with calls is metadata too, whatever names the wire keeps for itself.
        const own = {
          [callMetadata.attempt]: '2',
          [callMetadata.priority]: 'bulk',
          [callMetadata.idempotencyKey]: 'k',
        };
        const sent = { ...echoed, ...others, ...own };
        const reply = await probe.call('echo', { value: 1, metadata: frozen(sent) });
        const arrived = probe.received[0]?.metadata ?? noMetadata;
        for (const [key, value] of Object.entries(sent)) assert.equal(arrived[key], value, `${key} at the handler`);
        for (const [key, value] of Object.entries(echoed))
          assert.equal(reply.metadata[key], value, `${key} in the reply`);
        for (const key of ['x-request-id', 'authorization', 'constructor']) {
          assert.equal(reply.metadata[key], undefined, `${key} came back by itself`);
        }
        const next = await probe.call('echo', { value: 2 });
        assert.equal(next.metadata['echo-plain'], undefined, 'metadata of one call shows up in the next');
        assert.equal(probe.received[1]?.metadata['x-request-id'], undefined);
      }),
  },
  {
    name: 'the first answer counts, also where it comes before the handler returns',
    async run(fixture, limits) {
      const replyFirst = (call: IncomingCall) => {
        call.reply({ value: 'first', metadata: noMetadata });
        call.fail(new ServiceError('Aborted', 'second'));
        return { value: 'third', metadata: noMetadata };
      };
      const failFirst = (call: IncomingCall) => {
        call.fail(new ServiceError('NotFound', 'first', { executed: 'yes' }));
        return { value: 'second', metadata: noMetadata };
      };
      await withProbe(fixture, limits, { replyFirst, failFirst }, async (probe) => {
        assert.equal((await probe.call('replyFirst')).value, 'first');
        assert.equal((await rejectsWith(() => probe.call('failFirst'), 'NotFound')).rawMessage, 'first');
        assert.equal(await probe.echo('after'), 'after');
        assert.equal(probe.cancels.length, 0, 'an answered call was cancelled');
      });
    },
  },
  {
    name: '200 calls at once each get their own reply',
    async run(fixture, limits) {
      const random = seededRandom(200);
      const later = async (call: IncomingCall) => {
        const value = call.decode();
        await new Promise((resolve) => setTimeout(resolve, random() * 20));
        return { value, metadata: { 'echo-id': call.metadata['id'] ?? '' } };
      };
      await withProbe(fixture, limits, { later }, async (probe) => {
        const calls = Array.from({ length: 200 }, async (_, id) => {
          const reply = await probe.call('later', { value: { id, text: `call ${id}` }, metadata: { id: String(id) } });
          assertSameData(reply.value, { id, text: `call ${id}` });
          assert.equal(reply.metadata['echo-id'], String(id));
        });
        await Promise.all(calls);
        assert.equal(probe.received.length, 200);
      });
    },
  },
];

/** A text whose encoded form has exactly so many bytes. */
function textOfEncodedBytes(codec: Codec, bytes: number): string {
  const session = codec.open();
  const overhead = bytesOf(session, 'x'.repeat(bytes)).length - bytes;
  const text = 'x'.repeat(bytes - overhead);
  assert.equal(bytesOf(session, text).length, bytes, `the size of a text in ${codec.contentType}`);
  return text;
}
