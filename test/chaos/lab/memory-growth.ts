import { readFileSync, writeFileSync } from 'node:fs';
import { median } from '../harness/figures.js';
import type { FleetNode } from './fleet.js';

/** What an attack is compared with: as many connections, messages and refusals, and nothing in them that could cost memory. */
export interface Attack {
  harmless(): Promise<void>;
  attack(): Promise<void>;
}

/** What is read of a node's memory, as the system counts its pages. Linux only, and as root. */
export interface Gauge {
  /** Before an attack, or its like. */
  reset(node: FleetNode): void;
  read(node: FleetNode): Promise<number>;
}

/** The most that it needed meanwhile: for memory that is claimed, and let go of again. */
export const peak: Gauge = {
  reset: ({ process }) => writeFileSync(`/proc/${process.pid}/clear_refs`, '5'),
  read: async (node) => statusBytes(node, 'VmHWM'),
};

/** What it needs afterwards: for memory that is kept. The node must be started with the flag `--expose-gc`. */
export const afterwards: Gauge = {
  reset: () => {},
  read: async (node) => {
    // Collects garbage first.
    await node.heldNow();
    return statusBytes(node, 'VmRSS');
  },
};

/**
 * How much more memory each node has under an attack than under the like that does no harm: the difference of the medians of five
 * measurements each, in turns. What each attack needs is in all of its own; what an allocator happens to want is in both.
 */
export async function growthOf(
  nodes: readonly FleetNode[],
  { harmless, attack }: Attack,
  gauge: Gauge,
): Promise<readonly number[]> {
  const measured = async (act: () => Promise<void>): Promise<readonly number[]> => {
    for (const node of nodes) gauge.reset(node);
    await act();
    return await Promise.all(nodes.map((node) => gauge.read(node)));
  };
  for (let time = 0; time < warmUps; time += 1) await measured(harmless);
  const [before, under]: [(readonly number[])[], (readonly number[])[]] = [[], []];
  for (let time = 0; time < times; time += 1) {
    before.push(await measured(harmless));
    under.push(await measured(attack));
  }
  const medianAt = (found: readonly (readonly number[])[], index: number): number =>
    median(found.map((each) => each[index] ?? Number.NaN));
  return nodes.map((_, index) => medianAt(under, index) - medianAt(before, index));
}

function statusBytes({ process }: FleetNode, field: 'VmHWM' | 'VmRSS'): number {
  const [, kib] = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${process.pid}/status`, 'utf8')) ?? [];
  return Number(kib) * 1_024;
}

const times = 5;
const warmUps = 3;
