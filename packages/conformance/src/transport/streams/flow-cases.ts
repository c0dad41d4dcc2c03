import assert from 'node:assert/strict';
import { noMetadata } from '@tenon/contract';
import { assertSameData } from '../../codec/same-data.js';
import { valueTable } from '../../codec/value-table.js';
import { frozen } from '../../frozen.js';
import type { ConformanceCase } from '../../suite.js';
import type { TransportFixture } from '../fixture.js';
import { withProbe } from '../probe.js';
import { testCancellation } from '../test-cancellation.js';
import { exchange } from './exchange.js';
import { Latch } from './latch.js';
import { inTurn, numbered } from './message-source.js';
import {
  assertRefused,
  ofEachKind,
  type StreamPromise,
  type StreamStage,
  streamed,
  streamKinds,
} from './stream-case.js';

const promises: readonly StreamPromise[] = [
  {
    sentence: '1,000 messages arrive whole and in order',
    kinds: streamKinds,
    run: (stage) => counted(stage, 1_000),
  },
  {
    sentence: 'one message arrives',
    kinds: streamKinds,
    run: (stage) => counted(stage, 1),
  },
  {
    sentence: 'no message is the end alone',
    kinds: streamKinds,
    run: (stage) => counted(stage, 0),
  },
  {
    sentence: 'every value of the table is a message, in every codec',
    kinds: streamKinds,
    run: async ({ probe, kind, fixture }) => {
      const table = valueTable();
      const values = table.map(({ value }) => value);
      for (const { contentType } of fixture.codecs) {
        const { requests, replies } = await exchange(
          probe,
          kind,
          { requests: values, replies: values },
          { contentType },
        );
        for (const [arrived, single] of [
          [requests, kind === 'server'],
          [replies, kind === 'client'],
        ] as const) {
          assert.equal(arrived.length, single ? 1 : table.length);
          arrived.forEach((value, index) => {
            assertSameData(value, table[index]?.value, `${table[index]?.name} as ${contentType}`);
          });
        }
        assert.equal(probe.received.at(-1)?.contentType, contentType);
      }
    },
  },
  {
    sentence: 'the handler learns its name and kind',
    kinds: streamKinds,
    run: async ({ probe, kind }) => {
      await exchange(probe, kind, { requests: [1], replies: [2] });
      const [call] = probe.received;
      assert.equal(call?.endpoint, 'Probe.Exchange');
      assert.ok(call.service === 'probe' || call.service === '', `the service arrived as ${call.service}`);
      // Some wires do not tell a server stream from a unary call.
      assert.ok(
        call.kind === kind || (kind === 'server' && call.kind === undefined),
        `the kind arrived as ${call.kind}`,
      );
      assert.equal(call.peer.transport, probe.side.transport.name);
    },
  },
  {
    sentence: 'metadata travels with the call and before the first reply',
    kinds: streamKinds,
    run: async ({ probe, kind }) => {
      for (const replies of [[1, 2], []]) {
        const metadata = frozen({ 'x-one': 'Zoë · жук', 'x-empty': '' });
        const replyMetadata = frozen({ 'x-two': '日本語', 'x-padded': ' two ' });
        const { reply } = await exchange(probe, kind, { requests: [1], replies }, { metadata, replyMetadata });
        const arrived = probe.received.at(-1)?.metadata;
        for (const [key, value] of Object.entries(metadata))
          assert.equal(arrived?.[key], value, `${key} at the handler`);
        for (const [key, value] of Object.entries(replyMetadata)) {
          assert.equal(reply.metadata[key], value, `${key} in the reply`);
        }
        assert.equal(reply.metadata['x-one'], undefined, 'metadata of the call came back by itself');
      }
    },
  },
  {
    sentence: 'a deadline arrives as the time that is left, and none as none',
    kinds: streamKinds,
    run: async (stage) => {
      const { probe, kind } = stage;
      await exchange(probe, kind, { requests: [1], replies: [1] });
      assert.equal(probe.received.at(-1)?.deadline, Number.POSITIVE_INFINITY);
      await exchange(probe, kind, { requests: [1], replies: [1] }, { timeoutMs: 60_000 });
      const leftMs = (probe.received.at(-1)?.deadline ?? Number.NaN) - probe.side.clock.now();
      assert.ok(leftMs <= 60_001 && leftMs > 30_000, `of 60,000 ms, ${leftMs} arrived`);
    },
  },
  {
    sentence: 'each reply may depend on the request before it',
    kinds: ['bidi'],
    run: async ({ probe }) => {
      probe.serve('pong', 'bidi', (call) => {
        const requests = probe.reader(call.messages());
        const replies = async function* () {
          for (;;) {
            const [request] = (await requests.take(1)) as readonly { readonly turn: number }[];
            if (request === undefined) return;
            yield { pong: request.turn };
          }
        };
        return streamed(probe.source(replies()));
      });
      let answered: (pong: unknown) => void = () => {};
      const pings = async function* () {
        for (let turn = 0; turn < 200; turn += 1) {
          const answer = new Promise((resolve) => {
            answered = resolve;
          });
          yield { turn };
          assertSameData(await answer, { pong: turn });
        }
      };
      const { messages } = await probe.stream('bidi', 'pong', { messages: probe.source(pings()).messages });
      const replies = probe.reader(messages);
      for (let turn = 0; turn < 200; turn += 1) {
        const [pong] = await replies.take(1);
        answered(pong);
      }
      assert.equal((await replies.rest()).length, 0);
    },
  },
  {
    sentence: 'the server goes on after the caller has ended its side',
    kinds: ['bidi'],
    run: async ({ probe }) => {
      probe.serve('late', 'bidi', (call) => {
        const read = probe.reader(call.messages()).rest();
        return streamed(probe.source(inTurn(read, numbered(100))));
      });
      const { messages } = await probe.stream('bidi', 'late', { messages: probe.source(numbered(3)).messages });
      assertSameData(await probe.reader(messages).rest(), [...numbered(100)]);
    },
  },
  {
    sentence: 'the server may answer before the caller has ended its side',
    kinds: ['client', 'bidi'],
    run: async (stage) => {
      const { probe, kind } = stage;
      probe.serve('early', kind, async (call) => {
        await probe.reader(call.messages()).take(1);
        if (kind === 'client') return { value: 'enough', metadata: noMetadata };
        return streamed(probe.source(['enough']));
      });
      const more = new Latch();
      const requests = probe.source(inTurn([1], more.opened));
      const reply = await probe.stream(kind, 'early', { messages: requests.messages });
      const replies = kind === 'client' ? [reply.value] : await probe.reader(reply.messages).rest();
      assert.deepEqual(replies, ['enough']);
      assert.equal(await probe.echo('after'), 'after');
      more.open();
    },
  },
  {
    sentence: '60 at once each get their own messages',
    kinds: streamKinds,
    run: async ({ probe, kind }) => {
      const one = async (id: number) => {
        const requests = Array.from({ length: 20 }, (_, index) => ({ id, request: index }));
        const replies = Array.from({ length: 20 }, (_, index) => ({ id, reply: index }));
        return {
          requests,
          replies,
          arrived: await exchange(probe, kind, { requests, replies }, { endpoint: `of${id}` }),
        };
      };
      const all = await Promise.all(Array.from({ length: 60 }, (_, id) => one(id)));
      for (const { requests, replies, arrived } of all) {
        assertSameData(arrived.requests, kind === 'server' ? requests.slice(0, 1) : requests);
        assertSameData(arrived.replies, kind === 'client' ? replies.slice(0, 1) : replies);
      }
    },
  },
];

/** What a wire does with the kinds that it does not carry. */
export const lackingKindCases: readonly ConformanceCase<TransportFixture>[] = [
  {
    name: 'a kind that the wire lacks is refused, and was certainly not executed',
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, async (probe) => {
        for (const kind of streamKinds) if (!fixture.client.kinds.includes(kind)) await assertRefused(probe, kind);
        assert.deepEqual(probe.side.transport.kinds, fixture.client.kinds, 'the two sides name different kinds');
      }),
  },
];

/** What travels in streams: every message, once, in order, in both directions at once. */
export const flowCases: readonly ConformanceCase<TransportFixture>[] = promises.flatMap(ofEachKind);

async function counted({ probe, kind }: StreamStage, count: number): Promise<void> {
  const messages = [...numbered(count)];
  const sent = kind === 'server' ? { requests: ['go'], replies: messages } : { requests: messages, replies: messages };
  const cancellation = testCancellation();
  const both = kind === 'client' ? { ...sent, replies: ['done'] } : sent;
  const { requests, replies } = await exchange(probe, kind, both, { cancellation });
  assertSameData(requests, sent.requests, 'requests');
  assertSameData(replies, both.replies, 'replies');
  assert.equal(cancellation.listening, 0, 'an ended stream still listens to its cancellation');
  assert.equal(probe.cancels.length, 0, 'a stream that went well was cancelled');
}
