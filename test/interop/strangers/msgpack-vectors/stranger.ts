import assert from 'node:assert/strict';
import { msgpackCodec } from 'tenon';
import { ownModule } from '../../harness/own-module.js';
import type { Stranger } from '../../harness/stranger.js';
import { OneCodec } from '../../tenon/one-codec.js';
import { type Exam, expectedOf } from './exam.js';

/** msgpack-test-suite (https://github.com/kawanet/msgpack-test-suite): values, and every way to write each. */
export const msgpackVectors: Stranger = {
  direction: 'vectors',
  async meet(meeting) {
    await meeting.machine.npm(meeting.folder);
    const { module, version } = ownModule(meeting.folder, 'msgpack-test-suite');
    meeting.version = version;
    const groups = module as Readonly<Record<string, readonly Exam[]>>;
    const codec = new OneCodec(msgpackCodec());
    let inexact = 0;
    for (const [group, exams] of Object.entries(groups)) {
      for (const [index, exam] of exams.entries()) {
        const name = `${group.replace(/\.yaml$/, '')} ${index + 1}`;
        for (const hex of exam.msgpack) {
          await meeting.case(`${name}: reads ${shortened(hex)}`, () => {
            const bytes = bytesOf(hex);
            if (exam.ext !== undefined) assert.match(codec.refusalOf(bytes), /extension/);
            else assert.deepEqual(codec.read(bytes), expectedOf(exam));
          });
        }
        const value = expectedOf(exam);
        if (exam.ext !== undefined || isBetweenMilliseconds(exam)) {
          inexact += 1;
          continue;
        }
        await meeting.case(`${name}: writes one of them`, () => {
          const written = codec.write(value).toString('hex');
          assert.ok(exam.msgpack.map((hex) => bytesOf(hex).toString('hex')).includes(written), `it wrote ${written}`);
        });
      }
    }
    meeting.note(
      `${inexact} values are not written: a Date has milliseconds, and extensions but timestamps are refused`,
    );
  },
};

function isBetweenMilliseconds({ timestamp }: Exam): boolean {
  return timestamp !== undefined && timestamp[1] % 1_000_000 !== 0;
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('-', ''), 'hex');
}

function shortened(hex: string): string {
  return hex.length <= 40 ? hex : `${hex.slice(0, 36)}… (${(hex.length + 1) / 3} bytes)`;
}
