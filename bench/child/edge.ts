import type { Counts } from '../contestants/contestant.js';
import type { Message } from './orders.js';
import { type Usage, usage } from './usage.js';

/** What all processes had used at one end of a window. */
export interface Edge {
  readonly at: number;
  readonly client: Usage;
  /** Undefined where the server is in this process. */
  readonly server: Usage | undefined;
  readonly brokerCpuMicros: number | undefined;
}

/**
 * One end of a window. Asked for only while nothing is under way, so that every call, and all that it cost, lies on one
 * side of it.
 */
export function edge(counts?: () => Counts): Promise<Edge> {
  return look(false, counts);
}

/** The same with what is alive then, after a collection. Not for what is timed. */
export function collectedEdge(): Promise<Edge> {
  return look(true, undefined);
}

/** What lies between two edges, for each of so many operations. */
export function between(from: Edge, to: Edge, operations: number) {
  const perOperation = (one: number | undefined, other: number | undefined): number =>
    ((other ?? 0) - (one ?? 0)) / operations;
  return {
    operations,
    clientCpuMicros: perOperation(from.client.cpuMicros, to.client.cpuMicros),
    serverCpuMicros: perOperation(from.server?.cpuMicros, to.server?.cpuMicros),
    brokerCpuMicros:
      to.brokerCpuMicros === undefined ? undefined : perOperation(from.brokerCpuMicros, to.brokerCpuMicros),
    clientRssBytes: to.client.rssBytes,
    serverRssBytes: to.server?.rssBytes ?? 0,
  };
}

/** The counts of all processes within the window, client's and server's under one roof. */
export function countsBetween(from: Edge, to: Edge): Counts {
  const counts: Record<string, number> = {};
  for (const side of ['client', 'server'] as const) {
    for (const [part, count] of Object.entries(to[side]?.counts ?? {})) {
      counts[part] = (counts[part] ?? 0) + count - (from[side]?.counts?.[part] ?? 0);
    }
  }
  return counts;
}

async function look(collected: boolean, counts: (() => Counts) | undefined): Promise<Edge> {
  const answer = new Promise<Extract<Message, { say: 'looked' }>>((resolve, reject) => {
    process.once('message', (message: Message) => {
      if (message.say === 'looked') resolve(message);
      else reject(new Error(`expected "looked", got "${message.say}"`));
    });
  });
  const question: Message = { say: 'look', collected };
  process.send?.(question);
  const { server, brokerCpuMicros } = await answer;
  return { client: usage(collected, counts), server, brokerCpuMicros, at: performance.now() };
}
