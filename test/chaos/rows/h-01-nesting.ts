import { ms, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { LabProcess } from '../lab/lab-process.js';
import type { Decoded } from '../nodes/decoders.js';

export const nesting: Row = {
  id: 'H-01',
  fault: 'JSON, msgpack, protobuf messages and groups nested 10^6 levels deep',
  bar: 'refused at depth 64; ≤ 10 ms; no RangeError reaches the process',
  tests: [
    { file: 'packages/codec-msgpack/test/hostile.test.ts', titles: ['a million …'] },
    { file: 'packages/codec-compiled/test/hostile.test.ts', titles: ['refuses the 65th level, and reads the 64th'] },
    { file: 'packages/codec-protobuf/test/hostile.test.ts', titles: ['H-01: a million …'] },
    {
      file: 'test/e2e/bad-requests.test.ts',
      titles: ['nesting of 64 is served and of 65 refused, by both codecs, on the wire and before it'],
    },
    {
      file: 'packages/transport-http/test/hostile.test.ts',
      titles: ['malformed JSON and msgpack, and nesting without end, are refused by the codec'],
    },
  ],

  async run(lab, { tested }) {
    const tests = await tested();
    const process = lab.own(await LabProcess.start('decoders', {}, { flags: ['--expose-gc'] }));
    const found = await process.ask<readonly Decoded[]>('nested', 1_000_000, 60_000);
    const slowest = Math.max(...found.map((one) => one.ms));
    const odd = found.filter(({ became }) => became !== 'InvalidArgument');
    return {
      n: found.length,
      figure: `${number(found.length)} of a million levels: slowest ${ms(slowest)}, ${odd.length} not refused; and ${tests} tests`,
      passed: odd.length === 0 && slowest <= 10,
      notes: found.map((one) => `${one.decoder} ${one.became} ${ms(one.ms)}`).join('; '),
    };
  },
};
