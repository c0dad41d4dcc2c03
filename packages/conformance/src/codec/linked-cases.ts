import assert from 'node:assert/strict';
import { BufferSink } from '@tenon/contract/authoring';
import type { ConformanceCase } from '../suite.js';
import { assertRefused, bytesOf, valueIn } from './bytes.js';
import type { CodecFixture } from './fixture.js';
import { announced, LinkedPair, linked } from './linked-pair.js';
import { provesLinks, records, variant } from './proves-links.js';
import { assertSameData } from './same-data.js';
import { seededRandom } from './seeded-random.js';
import { valueTable } from './value-table.js';

/** What linked sessions share, and what that must never change. A codec that links nothing proves that it does not. */
export const linkedCases: readonly ConformanceCase<CodecFixture>[] = [
  {
    name: 'every value of the table comes back through linked sessions, however often it was said',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const pair = new LinkedPair(codec);
        for (let round = 0; round < 4; round += 1) {
          for (const { name, value } of valueTable())
            assertSameData(pair.carry(value), value, `round ${round}: ${name}`);
        }
        const sparse = { a: undefined, b: 1, c: undefined, d: { a: undefined }, e: 'last', f: undefined };
        const mixed = [sparse, { ...sparse, c: 3 }, { ...sparse, a: 'a', f: null }];
        for (let round = 0; round < 4; round += 1)
          assertSameData(pair.carry(mixed), mixed, `round ${round}: undefined`);
      }),
  },
  {
    name: 'what is repeated is announced once, and then makes messages smaller',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const pair = new LinkedPair(codec);
        const alone = bytesOf(codec.open(), records(0)).length;
        let announcements = 0;
        for (let turn = 0; turn < 6; turn += 1) {
          const { announcement, message } = pair.say(records(turn));
          assertSameData(pair.hear(message), records(turn));
          if (turn === 5) assert.ok(message.length < alone, `${message.length} bytes linked, ${alone} bytes alone`);
          if (announcement !== undefined) announcements += 1;
          pair.take(announcement);
          assert.equal(pair.writer.announce(), undefined, 'the same is announced twice');
        }
        assert.ok(announcements > 0, 'nothing was ever announced');
        assert.ok(announcements <= 4, `${announcements} announcements for the same records`);
      }),
  },
  {
    name: 'what was encoded before an announcement was taken needs none',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const writer = linked(codec);
        const early = [0, 1, 2, 3, 4].map((turn) => bytesOf(writer, records(turn)));
        announced(writer);
        early.forEach((message, turn) => {
          assertSameData(valueIn(linked(codec), message), records(turn));
          assertSameData(valueIn(codec.open(), message), records(turn));
        });
      }),
  },
  {
    name: 'messages may be lost, late and in any order behind their announcements',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const pair = new LinkedPair(codec);
        const messages = Array.from({ length: 40 }, (_, turn) => {
          const value = { turn, records: records(turn), other: variant(turn) };
          const { announcement, message } = pair.say(value);
          pair.take(announcement);
          return { value, message };
        });
        const random = seededRandom(0x11_4b_ed);
        const kept = messages.filter(() => random() < 0.7).sort(() => random() - 0.5);
        for (const { value, message } of [...kept, ...kept.slice(0, 5)]) assertSameData(pair.hear(message), value);
      }),
  },
  {
    name: 'what refers to an announcement that was not learned is refused',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const pair = new LinkedPair(codec);
        for (let turn = 0; turn < 4; turn += 1) pair.take(pair.say(records(turn)).announcement);
        const { message } = pair.say(records(9));
        assertRefused(() => valueIn(linked(codec), message), 'a reference in a session that has learned nothing');
        assertRefused(() => valueIn(codec.open(), message), 'a reference in a session that is not linked');
        assertSameData(pair.hear(message), records(9));
      }),
  },
  {
    name: 'two connections share nothing',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const one = new LinkedPair(codec);
        for (let turn = 0; turn < 4; turn += 1) one.carry(records(turn));
        const other = new LinkedPair(codec);
        // The other connection says other things first, so that its numbers, if it has any, mean something else.
        for (let turn = 0; turn < 4; turn += 1) assertSameData(other.carry(variant(turn)), variant(turn));
        for (let turn = 0; turn < 4; turn += 1) {
          assertSameData(other.carry(records(turn)), records(turn));
          assertSameData(one.carry(variant(turn)), variant(turn));
        }
        const fresh = linked(codec);
        assertSameData(valueIn(codec.open(), bytesOf(fresh, records(1))), records(1));
        const session = codec.open();
        assertSameData(valueIn(linked(codec), bytesOf(session, records(1))), records(1));
      }),
  },
  {
    name: 'a linked session reads what one that is not linked wrote',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const pair = new LinkedPair(codec);
        for (let turn = 0; turn < 4; turn += 1) pair.carry(records(turn));
        for (const { name, value } of valueTable()) {
          assertSameData(valueIn(pair.reader, bytesOf(codec.open(), value)), value, name);
        }
        assertSameData(valueIn(pair.reader, bytesOf(codec.open(), records(3))), records(3));
      }),
  },
  {
    name: 'both directions of a connection are apart',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const pair = new LinkedPair(codec);
        const back = new LinkedPair(codec, pair.reader, pair.writer);
        for (let turn = 0; turn < 6; turn += 1) {
          assertSameData(pair.carry(records(turn)), records(turn));
          assertSameData(back.carry(variant(turn)), variant(turn));
          assertSameData(back.carry(records(turn)), records(turn));
        }
      }),
  },
  {
    name: 'a getter may encode with the same linked session, and take its announcement',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const pair = new LinkedPair(codec);
        const inner: Buffer[] = [];
        const announcements: Buffer[] = [];
        const value = (turn: number) => ({
          before: { id: turn, name: 'before' },
          get nested() {
            for (let again = 0; again < 3; again += 1) {
              inner.push(bytesOf(pair.writer, { id: again, name: 'inner' }));
              const announcement = announced(pair.writer);
              if (announcement !== undefined) announcements.push(announcement);
            }
            return turn;
          },
          after: [{ id: turn, name: 'after' }],
        });
        const plain = (turn: number) => ({
          before: { id: turn, name: 'before' },
          nested: turn,
          after: [{ id: turn, name: 'after' }],
        });
        const fresh = linked(codec);
        const outer = bytesOf(pair.writer, value(1));
        assertSameData(valueIn(fresh, outer), plain(1), 'it was begun before anything was announced');
        for (const announcement of announcements.splice(0)) pair.take(announcement);
        inner.splice(0).forEach((message, index) => {
          assertSameData(pair.hear(message), { id: index % 3, name: 'inner' });
        });
        for (let turn = 2; turn < 6; turn += 1) {
          const { announcement, message } = pair.say(value(turn));
          // What was announced meanwhile comes first on the wire.
          for (const earlier of announcements.splice(0)) pair.take(earlier);
          pair.take(announcement);
          assertSameData(pair.hear(message), plain(turn));
        }
      }),
  },
  {
    name: 'a linked session that grows its sink in the midst of a value keeps to the same',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const pair = new LinkedPair(codec);
        for (let turn = 0; turn < 6; turn += 1) {
          const value = { records: records(turn), long: 'x'.repeat(2_000 * turn), again: records(turn + 1) };
          const sink = new BufferSink(undefined, 16 + turn);
          pair.writer.encoder()(value, sink);
          const announcement = announced(pair.writer);
          assertSameData(pair.hear(sink.bytes()), value);
          pair.take(announcement);
        }
      }),
  },
];
