import { counted, failuresOf, ms, percent, times } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { LoadFindings } from '../nodes/orders.js';

export const coldStart: Row = {
  id: 'N-22',
  fault: 'a node joins 2 others at 400 calls a second that take 5 ms each',
  bar: '≤ 10 % of its fair share in the first second, ≥ 80 % of it after 10 s; its p99 ≤ 3× steady; 0 failed',
  transports: 'each',
  together: 'pairs',

  async run(lab, { isLong, ready }) {
    const fleet = await lab.fleet();
    await fleet.start();
    await fleet.start();
    const caller = await fleet.caller();
    const load = { endpoint: 'work', rate: 400, request: { delayMs: 5 } } as const;
    await ready();
    await caller.load({ ...load, name: 'warm-up', durationMs: 2_000 });
    const steady = counted(await caller.load({ ...load, name: 'steady', durationMs: 4_000 }));

    const joining = caller.load({ ...load, name: 'joining', durationMs: isLong ? 60_000 : 16_000 });
    const node = await fleet.start();
    const result = counted(await joining);

    const answers = result.answersByNode[node.name] ?? [];
    const began = answers.findIndex((count) => count > 0);
    if (began < 0) throw new Error('the new node has answered nothing');
    const fair = 1 / fleet.nodes.length;
    const first = shareOfAnswers(result, node.name, began, began + 10) / fair;
    const settled = shareOfAnswers(result, node.name, began + 100, began + 120) / fair;
    const ratio = (result.latencyByNode[node.name]?.p99 ?? Number.NaN) / steady.latencyMs.p99;
    return {
      n: result.sent,
      figure: [
        `${percent(first)} of its fair share in the first second`,
        `${percent(settled)} after 10 s`,
        `its p99 ${ms(result.latencyByNode[node.name]?.p99 ?? Number.NaN)}, ${times(ratio)} of ${ms(steady.latencyMs.p99)}`,
        `${result.failed} failed`,
      ].join('; '),
      passed: first <= 0.1 && settled >= 0.8 && ratio <= 3 && result.failed === 0,
      notes: [
        ...(result.failed === 0 ? [] : [failuresOf(result.failures)]),
        `by seconds: ${seconds(result, node.name, began, fair)}`,
        `slowest ${ms(result.latencyByNode[node.name]?.max ?? Number.NaN)}, generator lag ${ms(result.lagMs)}`,
      ].join('; '),
    };
  },
};

/** Of the answers of some intervals, the share that one node gave. */
function shareOfAnswers({ answersByNode }: LoadFindings, node: string, from: number, to: number): number {
  const sum = (series: readonly number[]): number => series.slice(from, to).reduce((total, count) => total + count, 0);
  const all = Object.values(answersByNode).reduce((total, series) => total + sum(series), 0);
  return sum(answersByNode[node] ?? []) / all;
}

/** `5 %, 15 %, …`: of its fair share, second by second. */
function seconds(result: LoadFindings, node: string, began: number, fair: number): string {
  const shares = Array.from({ length: 12 }, (_, second) => {
    return shareOfAnswers(result, node, began + second * 10, began + second * 10 + 10) / fair;
  });
  return shares.map(percent).join(', ');
}
