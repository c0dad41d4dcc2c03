import { number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { LabProcess } from '../lab/lab-process.js';
import type { Generated } from '../nodes/decoders.js';

export const prototypes: Row = {
  id: 'H-05',
  fault: '__proto__, constructor, prototype as keys of bodies, metadata, registry data, layouts and errors',
  bar: 'Object.prototype unchanged over 10^6 generated payloads; kept as data or refused, by one rule',
  quiet: true,
  tests: [
    {
      file: 'test/e2e/bad-values.test.ts',
      titles: [
        'keys named __proto__, constructor and prototype in…',
        'nor an instance further in',
        'without a class they are data in JSON, and come back as they were',
        'in msgpack a key named __proto__ is refused, on the wire and before it',
        'metadata named __proto__ and constructor arrives as data, in both directions',
        'an event with such keys pollutes nobody, and one that breaks the rules is refused before it leaves',
      ],
    },
    {
      file: 'packages/codec-msgpack/test/hostile.test.ts',
      titles: ['keys that name parts of a prototype are data, and __proto__ is refused wherever it stands'],
    },
    { file: 'packages/codec-protobuf/test/hostile.test.ts', titles: ['H-05: no key …'] },
    {
      file: 'packages/codec-compiled/test/hostile.test.ts',
      titles: [
        'names that every object inherits become own fields, even where those of Object.prototype cannot be written',
        'refuses the map key __proto__',
      ],
    },
  ],

  async run(lab, { tested }) {
    const tests = await tested();
    const process = lab.own(await LabProcess.start('decoders', {}, { flags: ['--expose-gc'] }));
    const found = await process.ask<readonly Generated[]>('generated', 340_000, 120_000);
    const inputs = found.reduce((sum, one) => sum + one.inputs, 0);
    const odd = found.flatMap((one) => one.odd);
    return {
      n: inputs,
      figure: `Object.prototype as it was after ${number(inputs)} payloads for ${found.length} decoders, ${odd.length} odd ends; and ${tests} tests`,
      passed: odd.length === 0 && found.every(({ values }) => values > 1_000),
      notes: [...found.map((one) => `${one.decoder}: ${number(one.values)} were values`), ...odd].join('; '),
    };
  },
};
