import { number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';

export const thenables: Row = {
  id: 'H-06',
  fault: 'values with members named then, get, set, toJSON, valueOf, at the top and further in',
  bar: 'never awaited as promises nor called: what was sent comes back, as data',
  transports: 'each',
  together: 'all',

  async run(lab) {
    const fleet = await lab.fleet();
    await fleet.start();
    const caller = await fleet.caller();
    const names = ['then', 'catch', 'finally', 'get', 'set', 'toJSON', 'valueOf', 'toString', 'next', 'return'];
    const members: readonly unknown[] = [
      'alert(1)',
      1,
      true,
      null,
      {},
      JSON.parse('{"then":"x"}'),
      JSON.parse('[{"then":{"then":1}}]'),
    ];
    const odd: string[] = [];
    let n = 0;
    for (const name of names) {
      for (const member of members) {
        for (const value of [{ [name]: member }, [{ [name]: member }], { inner: { [name]: member }, id: 'x' }]) {
          n += 1;
          const back = await caller.ask<unknown>('echo', value as never, 10_000).catch(String);
          if (JSON.stringify(back) !== JSON.stringify(value))
            odd.push(`${JSON.stringify(value)}: ${JSON.stringify(back)}`);
        }
      }
    }
    return {
      n,
      figure: `${number(n - odd.length)} of ${number(n)} came back as they were`,
      passed: odd.length === 0,
      ...(odd.length === 0 ? {} : { notes: odd.slice(0, 3).join('; ') }),
    };
  },
};
