import type { Candidate, Filter, Outcome, SelectOptions, Selector, ServiceRecord } from '@tenon/contract';
import { frozen } from '../frozen.js';
import type { SelectorFixture } from './fixture.js';

/** One record of a service with so many nodes, frozen: `a1`, `a2`, … for the prefix `a`. */
export function recordOf(name: string, nodes: readonly string[], version = '1.0.0'): ServiceRecord {
  return frozen({
    name,
    version,
    metadata: {},
    endpoints: [],
    nodes: nodes.map((id, index) => ({ id, address: `10.0.0.${index + 1}:4000`, metadata: { zone: `z${index}` } })),
  });
}

/** Selects and reports so many times, and counts how often each node was chosen. */
export async function picks(
  { selector, passTime }: Pick<SelectorFixture, 'selector' | 'passTime'>,
  service: string,
  times: number,
  outcomeOf: (node: string) => Outcome = () => ({ elapsedMs: 10 }),
  options?: SelectOptions,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let time = 0; time < times; time += 1) {
    const candidate = await selector.select(service, options);
    counts.set(candidate.node.id, (counts.get(candidate.node.id) ?? 0) + 1);
    await passTime(2);
    selector.report(service, candidate, outcomeOf(candidate.node.id));
  }
  return counts;
}

/** Selects once and reports success. */
export async function pick(selector: Selector, service: string, options?: SelectOptions): Promise<Candidate> {
  const candidate = await selector.select(service, options);
  selector.report(service, candidate, { elapsedMs: 1 });
  return candidate;
}

/** Keeps the nodes of one version. */
export function onlyVersion(version: string): Filter {
  return (candidates) => candidates.filter(({ record }) => record.version === version);
}
