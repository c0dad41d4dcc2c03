import { number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { MetadataFindings } from '../nodes/metadata-fuzz.js';

export const headerInjection: Row = {
  id: 'H-07',
  fault: 'CR, LF, NUL, controls and what is no ASCII in metadata, in and out',
  bar: 'refused when encoding; 0 split headers in 10^6 generated values',
  tests: [
    {
      file: 'test/e2e/header-injection.test.ts',
      titles: [
        'metadata value…',
        'metadata key…',
        'a handler cannot put such a value into its reply: its caller sees an error, and no header more',
        'a handler cannot name its reply metadata…',
        'the text of an error splits no header, in either form of HTTP',
        'names and content types that a caller chooses split nothing either',
        'an event takes no such metadata',
      ],
    },
    {
      file: 'packages/transport-http/test/hostile.test.ts',
      titles: [
        'no value of metadata splits a header or gets lost on its way, in either direction',
        'metadata named…',
        'a content type like…',
      ],
    },
  ],

  async run(lab, { tested }) {
    const tests = await tested();
    const fuzz = async (
      wire: 'http/1.1' | 'h2+tls' | 'tenon/1',
      values: number,
      seed: number,
    ): Promise<MetadataFindings> => {
      const fleet = await lab.fleet({ wire });
      // As many calls as the fuzz makes at once may wait for each other.
      await fleet.start({ server: { queue: { targetMs: 5_000, intervalMs: 5_000 } } });
      const caller = await fleet.caller();
      return caller.ask<MetadataFindings>('fuzzMetadata', { values, seed }, 120_000);
    };
    const found = [
      await fuzz('http/1.1', 700_000, 1),
      ...(await Promise.all([fuzz('h2+tls', 150_000, 2), fuzz('tenon/1', 150_000, 3)])),
    ];
    const sum = (of: (one: MetadataFindings) => number): number => found.reduce((total, one) => total + of(one), 0);
    const [refused, arrived] = [sum((one) => one.refused), sum((one) => one.arrived)];
    const odd = found.flatMap((one) => one.odd);
    const n = 1_000_000;
    return {
      n,
      figure: `split or changed: ${shareOf(n - refused - arrived, n)}; ${number(refused)} refused, ${number(arrived)} came back as they were; and ${tests} tests`,
      passed: odd.length === 0 && refused + arrived === n && refused > 100_000 && arrived > 100_000,
      ...(odd.length === 0 ? {} : { notes: odd.join('; ') }),
    };
  },
};
