import { Cluster } from '@tenon/testing';
import { type ChainFindings, type ChainLoadOrder, ChainLoads } from '../nodes/chain-loads.js';
import { type HopPlace, type HopReport, type HopSettings, HopState, hopOptions } from '../nodes/hop.js';
import { goesFirst } from './goes-first.js';
import type { Lab } from './lab.js';
import type { LabProcess } from './lab-process.js';

/** One service of a chain. */
export interface Hop {
  readonly name: string;
  settings(settings: HopSettings): Promise<void>;
  report(): Promise<HopReport>;
}

/** Services that ask one another, each an app of its own, and who asks the first. */
export interface Chain {
  /** In the order in which they are asked. */
  readonly hops: readonly Hop[];
  load(order: Omit<ChainLoadOrder, 'first'>): Promise<ChainFindings>;
}

/** Starts a chain over the wire of the lab; it ends with the cell. */
export async function startChain(lab: Lab, names: readonly string[]): Promise<Chain> {
  const places = names.map((name, index): HopPlace => {
    const next = names[index + 1];
    return next === undefined ? { name } : { name, next };
  });
  const first = names[0] ?? '';
  if (lab.wire === 'memory') {
    const cluster = lab.own(new Cluster());
    const hops = places.map((place) => new MemoryHop(place));
    for (const hop of hops) await cluster.start(hopOptions(hop.place, hop.state));
    const loads = new ChainLoads(await cluster.start());
    return { hops, load: (order) => loads.run({ ...order, first }) };
  }
  const { meeting } = await lab.fleet();
  const hops = await Promise.all(
    places.map(async (place) => {
      const process = await lab.process('serve-hop', { ...meeting, ...place }, { name: place.name });
      return new ProcessHop(place.name, process);
    }),
  );
  const caller = await lab.process('call-chain', meeting, { name: 'the caller', wrapper: goesFirst() });
  return { hops, load: (order) => caller.ask('load', { ...order, first }, order.durationMs + 60_000) };
}

class ProcessHop implements Hop {
  constructor(
    readonly name: string,
    private readonly process: LabProcess,
  ) {}

  settings(settings: HopSettings): Promise<void> {
    return this.process.ask('settings', settings);
  }

  report(): Promise<HopReport> {
    return this.process.ask('report');
  }
}

class MemoryHop implements Hop {
  readonly state = new HopState();

  constructor(readonly place: HopPlace) {}

  get name(): string {
    return this.place.name;
  }

  async settings(settings: HopSettings): Promise<void> {
    this.state.settings = settings;
  }

  async report(): Promise<HopReport> {
    return this.state.report();
  }
}
