import { type Node, type Registry, ServiceError, type ServiceRecord } from 'tenon';
import {
  type BackEnd,
  type BackEndModule,
  type BackEndServer,
  connected,
  type RunningBackEnd,
} from '../../discovery/back-end.js';
import { NotApplicable } from '../harness/not-applicable.js';
import type { MeetingRegistry } from '../nodes/orders.js';
import { backEndNamed } from './back-ends.js';

/** A registry of one cell, with whatever stands behind it: where a fleet meets, and what the lab itself sees of it. */
export class LabRegistry implements AsyncDisposable {
  readonly #module: BackEndModule;
  readonly #running: RunningBackEnd;
  readonly #clients: Registry[] = [];

  private constructor(module: BackEndModule, running: RunningBackEnd) {
    this.#module = module;
    this.#running = running;
  }

  /** Rejects with `NotApplicable` where this machine does not have it. */
  static async start(name: string): Promise<LabRegistry> {
    const module = await backEndNamed(name);
    try {
      return new LabRegistry(module, await module.backEnd.start());
    } catch (thrown) {
      if (thrown instanceof Error && thrown.name === 'Missing') throw new NotApplicable(thrown.message);
      throw thrown;
    }
  }

  get backEnd(): BackEnd {
    return this.#module.backEnd;
  }

  /** Where the processes of a fleet meet. */
  get meeting(): MeetingRegistry {
    return { name: this.backEnd.name, where: this.#running.where };
  }

  /** The same, for a process that comes by another address: of a proxy before its server. */
  behind(address: string): MeetingRegistry {
    return { name: this.backEnd.name, where: this.server('connect to').behind(address) };
  }

  /** Whether there is something that holds the entries of others, and may lose them. */
  get hasServer(): boolean {
    return this.#running.server !== undefined;
  }

  /** @param what - is done to it: `kill`. Throws `NotApplicable` where there is no server. */
  server(what: string): BackEndServer {
    const { server } = this.#running;
    if (server === undefined) throw new NotApplicable(`nothing to ${what}: ${this.backEnd.what}`);
    return server;
  }

  /** A client in the lab's own process, which ends with the registry. */
  async client(): Promise<Registry> {
    const client = await connected(this.#module, this.#running.where);
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#clients.map((client) => client.close()));
    await this.#running[Symbol.asyncDispose]();
  }
}

/** The nodes of the target that a client finds now; none while it finds nothing out. */
export async function targetNodes(client: Registry): Promise<readonly Node[]> {
  return (await targetRecords(client)).flatMap(({ nodes }) => nodes);
}

/** The same with all that their records say. */
export async function targetRecords(client: Registry): Promise<readonly ServiceRecord[]> {
  try {
    return await client.lookup('target');
  } catch (thrown) {
    if (thrown instanceof ServiceError) return [];
    throw thrown;
  }
}
