import type { Step } from './narrator.js';

/** What happened in the end: how many calls each node served, and how many events each received. */
export interface Summary {
  readonly orders: number;
  readonly calls: Readonly<Record<string, number>>;
  readonly events: Readonly<Record<string, number>>;
}

export function summaryOf(orders: number, steps: readonly Step[]): Summary {
  const count = (kind: Step['kind']): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const step of steps) if (step.kind === kind) counts[step.node] = (counts[step.node] ?? 0) + 1;
    return counts;
  };
  return { orders, calls: count('call'), events: count('event') };
}

/** The summary for people, and the same as one line of JSON for programs. */
export function summaryLines(summary: Summary): string {
  const rows = (counts: Readonly<Record<string, number>>): string[] =>
    Object.entries(counts).map(([node, count]) => `  ${String(count).padStart(3)}  ${node}`);
  return [
    `${summary.orders} orders were placed. Calls by node:`,
    ...rows(summary.calls),
    'Events by receiver:',
    ...rows(summary.events),
    JSON.stringify(summary),
  ].join('\n');
}
