import assert from 'node:assert/strict';
import type { Codec } from '@tenon/contract';
import type { ConformanceCase } from '../suite.js';
import { assertRefused, assertRefusedOrAccepted, bytesOf, valueIn } from './bytes.js';
import type { CodecFixture } from './fixture.js';
import { announced, LinkedPair, linked } from './linked-pair.js';
import { provesLinks, records, variant } from './proves-links.js';
import { assertSameData } from './same-data.js';
import { seededRandom } from './seeded-random.js';

/** What linked sessions announce, and how they take an announcement that nobody made in good faith. */
export const announcementCases: readonly ConformanceCase<CodecFixture>[] = [
  {
    name: 'records with ever new keys do not use up what can be announced, and what is announced stays small',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const pair = new LinkedPair(codec);
        for (let turn = 0; turn < 2_000; turn += 1) {
          const dictionary = { [`key${turn}`]: turn, [`other${turn}`]: { [`inner${turn}`]: 1 } };
          assertSameData(pair.carry(dictionary), dictionary);
        }
        for (let turn = 0; turn < 4; turn += 1) pair.carry(records(turn));
        const { message } = pair.say(records(5));
        assert.ok(message.length < bytesOf(codec.open(), records(5)).length, 'records are no longer announced');
        assertSameData(pair.hear(message), records(5));

        // And many that do come again, one after the other: more than any limit.
        for (let turn = 0; turn < 3_000; turn += 1) {
          const value = { [`a${turn >> 2}${'x'.repeat(2_000)}`]: 1, b: 2, ['c'.repeat(1 + (turn >> 2))]: 3 };
          assertSameData(pair.carry(value), value);
        }
        assert.ok(pair.announcedBytes < 1_024 * 1_024, `${pair.announcedBytes} bytes were announced`);
      }),
  },
  {
    name: 'a getter that throws leaves nothing half-made to announce',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const pair = new LinkedPair(codec);
        const broken = (turn: number) => ({
          first: turn,
          inner: { a: 1, b: { c: turn } },
          get second(): number {
            throw new Error('the getter failed');
          },
          third: { a: 1, b: { c: 2 } },
        });
        const whole = (turn: number) => ({
          first: turn,
          inner: { a: 1, b: { c: turn } },
          second: 2,
          third: { a: 1, b: { c: 2 } },
        });
        for (let turn = 0; turn < 6; turn += 1) {
          assert.throws(() => bytesOf(pair.writer, broken(turn)), 'a getter that throws was passed over');
          pair.take(announced(pair.writer));
          assert.throws(
            () => bytesOf(pair.writer, [whole(turn), broken(turn)]),
            'a getter that throws was passed over',
          );
          pair.take(announced(pair.writer));
          assertSameData(pair.carry(whole(turn)), whole(turn));
        }
      }),
  },
  {
    name: 'an announcement cut short at any byte is refused',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const announcement = anAnnouncement(codec);
        for (let end = 0; end < announcement.length; end += 1) {
          const cut = Buffer.from(announcement.subarray(0, end));
          assertRefused(() => linked(codec).learn(cut, 0, end), `the first ${end} of ${announcement.length} bytes`);
        }
        const long = Buffer.concat([announcement, announcement]);
        assertRefused(() => linked(codec).learn(long, 0, long.length), 'an announcement with bytes behind it');
        linked(codec).learn(announcement, 0, announcement.length);
      }),
  },
  {
    name: 'random and damaged announcements are refused or learned, and never another error',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const good = anAnnouncement(codec);
        const random = seededRandom(0x1e_a5_11);
        const session = codec.open();
        for (let round = 0; round < 2_000; round += 1) {
          const bytes = Buffer.from(round % 2 === 0 ? Buffer.alloc(Math.floor(random() * 64)) : good);
          const wounds = round % 2 === 0 ? bytes.length : 1 + Math.floor(random() * 4);
          for (let wound = 0; wound < wounds; wound += 1) {
            const at = round % 2 === 0 ? wound : Math.floor(random() * bytes.length);
            bytes[at] = Math.floor(random() * 256);
          }
          const reader = linked(codec);
          const what = `round ${round}: ${bytes.toString('hex')}`;
          assertRefusedOrAccepted(() => reader.learn(bytes, 0, bytes.length), what);
          assertSameData(valueIn(reader, bytesOf(session, records(1))), records(1), what);
        }
        assert.deepEqual(Object.keys(Object.prototype), [], 'Object.prototype was polluted');
      }),
  },
  {
    name: 'an announcement is learned from its bounds alone, and not referred to afterwards',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        for (const poison of [0x00, 0x22, 0x5d, 0x91, 0xa1, 0xff]) {
          const pair = new LinkedPair(codec);
          for (let turn = 0; turn < 6; turn += 1) {
            const { announcement, message } = pair.say(records(turn));
            assertSameData(pair.hear(message), records(turn));
            if (announcement === undefined) continue;
            const around = Buffer.alloc(announcement.length + 40, poison);
            announcement.copy(around, 13);
            const view = new Uint8Array(around.buffer, around.byteOffset + 5, announcement.length + 20);
            pair.reader.learn(view, 8, 8 + announcement.length);
            around.fill(poison ^ 0xff);
          }
        }
      }),
  },
  {
    name: 'a name __proto__ in an announcement never touches a prototype',
    run: ({ codec }) =>
      provesLinks(codec, () => {
        const pair = new LinkedPair(codec);
        const value = { __pr0t0__: { polluted: true }, c0nstruct0r: 1 };
        for (let turn = 0; turn < 6; turn += 1) {
          const { announcement, message } = pair.say(value);
          assertRefusedOrAccepted(() => {
            const read = pair.hear(message) as Record<string, unknown>;
            assert.equal(Object.getPrototypeOf(read), Object.prototype, 'a name reached a prototype');
            assert.equal(read['polluted'], undefined, 'a name reached a prototype');
          }, 'a message behind a hostile announcement');
          if (announcement === undefined) continue;
          assert.ok(announcement.includes('__pr0t0__'), 'this suite needs a codec that announces names as UTF-8 text');
          const hostile = Buffer.from(announcement);
          hostile.write('__proto__', hostile.indexOf('__pr0t0__'), 'latin1');
          assertRefusedOrAccepted(() => pair.reader.learn(hostile, 0, hostile.length), 'a name __proto__');
        }
        assert.equal(({} as { polluted?: unknown }).polluted, undefined, 'Object.prototype was polluted');
      }),
  },
];

/** The first announcement of a session that says the same a few times. */
function anAnnouncement(codec: Codec): Buffer {
  const writer = linked(codec);
  for (let turn = 0; turn < 6; turn += 1) {
    bytesOf(writer, { records: records(turn), other: variant(turn) });
    const announcement = announced(writer);
    if (announcement !== undefined) return announcement;
  }
  assert.fail('nothing was ever announced');
}
