import { mib } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { LabProcess } from '../lab/lab-process.js';
import type { Decoded } from '../nodes/decoders.js';

export const claimedLengths: Row = {
  id: 'H-02',
  fault:
    'msgpack headers array32, map32, str32, bin32, ext32, and fields of protobuf, that claim 2^32-1 and 2^24-1, with nothing behind them',
  bar: 'refused; ≤ 1 MiB allocated',
  quiet: true,
  tests: [
    {
      file: 'packages/codec-compiled/test/bad-values.test.ts',
      titles: ['a length beyond the frame is refused, whatever stands behind it in memory'],
    },
    {
      file: 'packages/codec-compiled/test/hostile.test.ts',
      titles: ['refuses a count of…', 'refuses a text that is longer than what is there'],
    },
    { file: 'packages/codec-protobuf/test/hostile.test.ts', titles: ['H-02: a claimed…'] },
    { file: 'test/e2e/bad-requests.test.ts', titles: ['malformed msgpack is refused, whatever it claims'] },
  ],

  async run(lab, { tested }) {
    const tests = await tested();
    const process = lab.own(await LabProcess.start('decoders', {}, { flags: ['--expose-gc'] }));
    const found = await process.ask<readonly Decoded[]>('bombs', undefined, 60_000);
    const most = Math.max(...found.map(({ allocatedBytes }) => allocatedBytes));
    const odd = found.filter(({ became }) => became !== 'InvalidArgument');
    return {
      n: found.length,
      figure: `at most ${mib(most)} allocated, ${odd.length} not refused; and ${tests} tests`,
      passed: odd.length === 0 && most <= 1_048_576,
      ...(odd.length === 0 ? {} : { notes: odd.map(({ became }) => became).join('; ') }),
    };
  },
};
