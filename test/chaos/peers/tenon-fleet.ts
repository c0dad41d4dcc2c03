import type { LoadResult } from '@tenon/testing/open-loop-load';
import type { Caller, Fleet, FleetNode } from '../lab/fleet.js';
import type { Lab } from '../lab/lab.js';
import type { PeerFleet } from './peer.js';

/** Tenon with its defaults, over tenon/1 and etcd. Calls go to the idempotent endpoint, which the class says it is. */
export class TenonFleet implements PeerFleet {
  readonly #fleet: Fleet;
  readonly #nodes: FleetNode[];
  readonly #caller: Caller;

  private constructor(fleet: Fleet, nodes: FleetNode[], caller: Caller) {
    this.#fleet = fleet;
    this.#nodes = nodes;
    this.#caller = caller;
  }

  static async start(lab: Lab): Promise<TenonFleet> {
    const fleet = await lab.fleet();
    const nodes = [await fleet.start(), await fleet.start(), await fleet.start()];
    return new TenonFleet(fleet, nodes, await fleet.caller());
  }

  async slow(node: number, delayMs: number): Promise<void> {
    await this.#at(node).settings({ delayMs });
  }

  async restart(node: number): Promise<void> {
    await this.#at(node).terminate();
    this.#nodes[node] = await this.#fleet.start();
  }

  async kill(node: number): Promise<void> {
    await this.#at(node).kill();
  }

  load(rate: number, durationMs: number): Promise<LoadResult> {
    const options = { timeoutMs: 2_000 };
    return this.#caller.load({ name: `load-${rate}`, endpoint: 'work', rate, durationMs, options });
  }

  #at(node: number): FleetNode {
    const found = this.#nodes[node];
    if (found === undefined) throw new Error(`there is no node ${node}`);
    return found;
  }
}
