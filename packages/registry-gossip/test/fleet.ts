import type { Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { GossipRegistry } from '../src/gossip-registry.js';
import { type GossipRegistryOptions, resolveGossipRegistryOptions } from '../src/gossip-registry-options.js';
import { CutTransport } from './cut-off.js';

/** Registries that find each other on loopback, each with sockets of its own. */
export class Fleet {
  readonly #members: FleetMember[] = [];
  readonly #options: GossipRegistryOptions;

  constructor(options: GossipRegistryOptions = {}) {
    this.#options = options;
  }

  /** Starts one; it asks the first one, or the seeds that are given. */
  async add(options: GossipRegistryOptions = {}): Promise<Registry> {
    const transport = new CutTransport();
    let address = '';
    const open = transport.open.bind(transport);
    transport.open = async (arrivals) => {
      const bound = await open(arrivals);
      address = `${bound.host}:${bound.port}`;
      return bound;
    };
    const seeds = this.#members.slice(0, 1).map((member) => member.address);
    const resolved = resolveGossipRegistryOptions({ seeds, ...this.#options, ...options, transport });
    const registry = new GossipRegistry(resolved, silentLogger(), systemClock());
    await registry.start();
    this.#members.push({ registry, transport, address });
    return registry;
  }

  addressOf(registry: Registry): string {
    return this.#member(registry).address;
  }

  /** As a killed process: nothing leaves it any more, nothing reaches it. */
  crash(registry: Registry): void {
    this.#member(registry).transport.crash();
  }

  /** Only members of one group reach each other. */
  split(...groups: readonly (readonly Registry[])[]): void {
    for (const group of groups) {
      const addresses = new Set(group.map((registry) => this.addressOf(registry)));
      for (const registry of group) this.#member(registry).transport.reachOnly((address) => addresses.has(address));
    }
  }

  heal(): void {
    for (const { transport } of this.#members) transport.reachOnly(() => true);
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map(({ registry }) => registry.close()));
  }

  #member(registry: Registry): FleetMember {
    const found = this.#members.find((member) => member.registry === registry);
    if (found === undefined) throw new Error('not of this fleet');
    return found;
  }
}

interface FleetMember {
  readonly registry: GossipRegistry;
  readonly transport: CutTransport;
  readonly address: string;
}
