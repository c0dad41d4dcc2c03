import type { Socket } from 'node:net';
import type { Fault } from '../faults/fault.js';
import { Pass } from '../faults/pass.js';
import { ListeningPort } from './listening-port.js';
import { type Direction, type FaultPair, ProxiedConnection, type Target } from './proxied-connection.js';

/** What has gone through a proxy so far. */
export interface ProxyCounts {
  /** Connections that were accepted. */
  readonly accepted: number;
  /** Those of them that are open. */
  readonly open: number;
  /** Bytes that were passed on to the target, and to those who connected. */
  readonly bytesToTarget: number;
  readonly bytesToClient: number;
}

/**
 * Stands between clients and one TCP server, on a random port of 127.0.0.1, and treats their connections as bad networks do:
 * the living ones too, from one moment to the next.
 *
 * @example
 * await using proxy = await FaultProxy.start({ host: '127.0.0.1', port: 8080 });
 * proxy.inject(faults.latency({ latencyMs: 200, jitterMs: 50 }), 'to-client');
 * proxy.inject(faults.halfOpen());
 * await proxy.heal();
 */
export class FaultProxy implements AsyncDisposable {
  #target: Target;
  readonly #connections = new Set<ProxiedConnection>();
  #faults: FaultPair = { toTarget: new Pass(), toClient: new Pass() };
  #listening: ListeningPort | undefined;
  #accepted = 0;
  #bytes = { toTarget: 0, toClient: 0 };
  #isClosed = false;

  private constructor(target: Target) {
    this.#target = target;
  }

  /** Opens the port. Nothing needs to listen at the target yet: until it does, connections are reset. */
  static async start(target: Target): Promise<FaultProxy> {
    const proxy = new FaultProxy({ ...target });
    proxy.#listening = await ListeningPort.open((socket) => proxy.#accept(socket));
    return proxy;
  }

  /** Where it listens, for whoever shall go through it: also what a node `advertise`s that stands behind it. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get port(): number {
    return this.#listening?.port ?? 0;
  }

  /** What is done to each direction now. */
  get faults(): FaultPair {
    return this.#faults;
  }

  get counts(): ProxyCounts {
    const open = [...this.#connections];
    return {
      accepted: this.#accepted,
      open: open.length,
      bytesToTarget: open.reduce((sum, one) => sum + one.bytesToTarget, this.#bytes.toTarget),
      bytesToClient: open.reduce((sum, one) => sum + one.bytesToClient, this.#bytes.toClient),
    };
  }

  /** Treats living and new connections so from now on, instead of what was injected before. The other direction stays. */
  inject(fault: Fault, direction: Direction = 'both'): void {
    const { toTarget, toClient } = this.#faults;
    this.#faults = {
      toTarget: direction === 'to-client' ? toTarget : fault,
      toClient: direction === 'to-target' ? toClient : fault,
    };
    for (const connection of this.#connections) connection.use(this.#faults);
  }

  /** New connections go to another target from now on: a server that came back elsewhere. Living ones stay. */
  aim(target: Target): void {
    this.#target = { ...target };
  }

  /** New connections are refused by the system, as where nobody listens. Living ones stay as they are. */
  refuse(): void {
    this.#listening?.close();
  }

  /** Resets every living connection (RST to both ends). New ones are treated as before. */
  reset(): void {
    for (const connection of this.#connections) connection.reset();
  }

  /** No fault any more: accepts again, and passes on everything, what was held back first. */
  async heal(): Promise<void> {
    this.inject(new Pass());
    if (!this.#isClosed) await this.#listening?.reopen();
  }

  /** Ends every connection and frees the port. Twice is fine. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listening?.close();
    for (const connection of this.#connections) connection.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(socket: Socket): void {
    this.#accepted += 1;
    const connection: ProxiedConnection = new ProxiedConnection(socket, this.#target, this.#faults, () => {
      if (!this.#connections.delete(connection)) return;
      this.#bytes.toTarget += connection.bytesToTarget;
      this.#bytes.toClient += connection.bytesToClient;
    });
    this.#connections.add(connection);
    if (this.#isClosed) connection.destroy();
  }
}
