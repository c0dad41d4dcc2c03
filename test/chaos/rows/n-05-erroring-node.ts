import { erroringNode } from '../harness/erroring-node.js';
import type { Row } from '../harness/row.js';

export const failingFast: Row = {
  id: 'N-05',
  fault: '1 of 3 nodes answers each call with UNAVAILABLE at once, 300 calls a second',
  bar: 'its share of attempts ≤ 2 % after 2 s; 0 failed',
  transports: 'each',
  together: 'all',

  async run(lab, { isLong }) {
    const fleet = await lab.fleet();
    const [victim] = [await fleet.start(), await fleet.start(), await fleet.start()];
    return erroringNode(await fleet.caller(), victim, 'of 3 nodes', isLong ? 30_000 : 6_000);
  },
};
