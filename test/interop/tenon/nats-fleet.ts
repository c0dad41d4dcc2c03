import { natsTransport } from '@tenon/transport-nats';
import { type App, createApp } from 'tenon';
import { BackEnd } from '../../e2e/back-end.js';
import type { Machine } from '../harness/machine.js';
import { Greeter } from './greeter.js';

/** Nodes of the greeter on a nats-server of their own, for strangers that speak NATS's service protocol. */
export class NatsFleet implements AsyncDisposable {
  private constructor(
    readonly server: BackEnd,
    readonly nodes: readonly App[],
  ) {}

  static async started(machine: Machine, count: number): Promise<NatsFleet> {
    await machine.program('nats-server', 'nats-server');
    const server = await BackEnd.started('nats-server');
    const nodes: App[] = [];
    const fleet = new NatsFleet(server, nodes);
    try {
      for (let index = 0; index < count; index += 1) {
        const app = await createApp({
          profile: 'test',
          services: [Greeter],
          modules: [natsTransport({ servers: [server.address] })],
          log: { level: 'silent' },
        });
        nodes.push(app);
        await app.start();
      }
      return fleet;
    } catch (thrown) {
      await fleet[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((app) => app.close()));
    await this.server.dispose();
  }
}
