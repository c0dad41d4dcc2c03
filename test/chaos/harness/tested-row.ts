import { number } from './figures.js';
import type { Row } from './row.js';
import type { NamedTests } from './test-run.js';

/** A row that rests on tests alone. */
export interface TestedRow {
  readonly id: string;
  readonly fault: string;
  readonly bar: string;
  readonly tests: readonly NamedTests[];
  /** How many inputs the tests try, where they say so. Default: the number of tests. */
  readonly n?: number;
  /** What they cover, behind their number: `100,000 generated frames for each of 5 decoders`. */
  readonly covers: string;
}

/** Makes a row that passes where all of its tests are there and pass. */
export function testedRow({ id, fault, bar, tests, n, covers }: TestedRow): Row {
  return {
    id,
    fault,
    bar,
    tests,
    async run(_lab, { tested }) {
      const count = await tested();
      return { n: n ?? count, figure: `${number(count)} tests passed: ${covers}`, passed: true };
    },
  };
}
