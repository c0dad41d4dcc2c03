import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { BackEnd } from '../../e2e/back-end.js';
import type { Fleet } from './fleet.js';
import { LabProcess } from './lab-process.js';
import { LabRegistry } from './lab-registry.js';
import { MemoryFleet } from './memory-fleet.js';
import { ProcessFleet } from './process-fleet.js';
import type { SharedServers } from './shared-servers.js';
import type { Wire } from './wire.js';

export interface FleetOptions {
  /** `host:port` of the etcd where the fleet meets, or of a proxy before it. Default: the one that the whole run shares. */
  readonly etcd?: string;
  /** A registry of this cell where it meets instead. */
  readonly registry?: LabRegistry;
  /** Default: the wire of the cell. */
  readonly wire?: Wire;
}

/** What a row works with, on one wire. Everything that it hands out ends with the cell, however the row ends. */
export class Lab {
  readonly wire: Wire;
  readonly #servers: SharedServers;
  readonly #registry: string;
  readonly #disposals: (() => Promise<unknown> | unknown)[] = [];

  /** @param registry - the one that the cell is about. */
  constructor(wire: Wire, servers: SharedServers, registry = 'etcd') {
    this.wire = wire;
    this.#servers = servers;
    this.#registry = registry;
  }

  /** A fleet without nodes yet. */
  async fleet({ etcd, registry, wire = this.wire }: FleetOptions = {}): Promise<Fleet> {
    const prefix = `/chaos/${randomUUID()}/`;
    const processes = async () =>
      registry === undefined
        ? new ProcessFleet({ wire, prefix, etcd: etcd ?? (await this.#servers.etcd()) })
        : new ProcessFleet({ wire, prefix, etcd: '', registry: registry.meeting });
    const fleet = wire === 'memory' ? new MemoryFleet() : await processes();
    this.atEnd(() => fleet.dispose());
    return fleet;
  }

  /** `host:port` of the etcd that the whole run shares: not to be harmed. */
  sharedEtcd(): Promise<string> {
    return this.#servers.etcd();
  }

  /** The registry that the cell is about, by default an etcd: of this cell alone. */
  async registry(): Promise<LabRegistry> {
    await this.#servers.installed();
    return this.own(await LabRegistry.start(this.#registry));
  }

  /** An etcd, or a nats-server, of this cell alone, to be killed, frozen and wiped. */
  async server(name: 'etcd' | 'nats-server'): Promise<BackEnd> {
    await this.#servers.installed();
    return this.own(await BackEnd.started(name));
  }

  /** Makes sure that a program is there that not every row needs, such as `faketime`; else the cell fails and says why. */
  needs(program: string): Promise<void> {
    return this.#servers.installed(program);
  }

  /** A script of `test/chaos/nodes` in a process of its own: for what nodes and callers of a fleet do not do. */
  async process(...start: Parameters<typeof LabProcess.start>): Promise<LabProcess> {
    return this.own(await LabProcess.start(...start));
  }

  /** Ends something with the cell. */
  own<T extends AsyncDisposable>(what: T): T {
    this.atEnd(() => what[Symbol.asyncDispose]());
    return what;
  }

  /** Does something when the cell is over, the last thing first. */
  atEnd(dispose: () => Promise<unknown> | unknown): void {
    this.#disposals.unshift(dispose);
  }

  /** Lets time pass: for what the fault is to last, never to hope that something is ready. */
  async pass(ms: number): Promise<void> {
    await wait(ms);
  }

  async dispose(): Promise<void> {
    for (const dispose of this.#disposals.splice(0)) await dispose();
  }
}
