import { erroringNode } from '../harness/erroring-node.js';
import type { Row } from '../harness/row.js';

export const ejection: Row = {
  id: 'N-09',
  fault: 'as N-05, of 3 and of 2 nodes, with a round robin that by itself would go on asking the node that fails',
  bar: 'ejection works with 3 nodes and with the minimum of 2: share of attempts ≤ 2 % after 2 s; 0 failed',
  transports: 'each',
  together: 'all',

  async run(lab, { isLong }) {
    const durationMs = isLong ? 30_000 : 4_000;
    const fleet = await lab.fleet();
    const [victim] = [await fleet.start(), await fleet.start()];
    const ofTwo = await erroringNode(await fleet.caller({ strategy: 'round robin' }), victim, 'of 2 nodes', durationMs);
    await fleet.start();
    const caller = await fleet.caller({ strategy: 'round robin' });
    const ofThree = await erroringNode(caller, victim, 'of 3 nodes', durationMs);
    return {
      n: ofTwo.n + ofThree.n,
      figure: `${ofTwo.figure}; ${ofThree.figure}`,
      passed: ofTwo.passed && ofThree.passed,
      notes: `${ofTwo.notes}; ${ofThree.notes}`,
    };
  },
};
