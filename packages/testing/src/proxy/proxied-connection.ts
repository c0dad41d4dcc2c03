import { connect, type Socket } from 'node:net';
import type { Fault } from '../faults/fault.js';
import { Lane } from './lane.js';

/** Which bytes: those to the target, those back to whoever connected, or all. */
export type Direction = 'to-target' | 'to-client' | 'both';

/** The fault of each direction. */
export interface FaultPair {
  readonly toTarget: Fault;
  readonly toClient: Fault;
}

/** Where a proxy carries its connections. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** A connection that a proxy has accepted, and the one that it made to the target for it, if the fault lets it. */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #target: Target;
  readonly #closed: () => void;
  #faults: FaultPair;
  #upstream: Socket | undefined;
  #toTarget: Lane | undefined;
  #toClient: Lane | undefined;

  constructor(client: Socket, target: Target, faults: FaultPair, closed: () => void) {
    this.#client = client;
    this.#target = target;
    this.#faults = faults;
    client.setNoDelay(true);
    client.on('error', ignored);
    client.on('close', () => {
      if (this.#upstream === undefined || this.#upstream.destroyed) closed();
    });
    this.#closed = closed;
    this.#dial();
  }

  get bytesToTarget(): number {
    return this.#toTarget?.passedBytes ?? 0;
  }

  get bytesToClient(): number {
    return this.#toClient?.passedBytes ?? 0;
  }

  use(faults: FaultPair): void {
    this.#faults = faults;
    this.#toTarget?.use(faults.toTarget);
    this.#toClient?.use(faults.toClient);
    this.#dial();
  }

  /** Both ends get a RST. */
  reset(): void {
    this.#stop();
    this.#client.resetAndDestroy();
    this.#upstream?.resetAndDestroy();
  }

  destroy(): void {
    this.#stop();
    this.#client.destroy();
    this.#upstream?.destroy();
  }

  #stop(): void {
    this.#toTarget?.stop();
    this.#toClient?.stop();
  }

  #dial(): void {
    const { toTarget, toClient } = this.#faults;
    const dials = (toTarget.dials ?? true) && (toClient.dials ?? true);
    if (this.#upstream !== undefined || this.#client.destroyed || !dials) return;
    const upstream = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    this.#upstream = upstream;
    const refused = (): void => void this.#client.resetAndDestroy();
    upstream.on('error', ignored);
    upstream.once('error', refused);
    upstream.once('connect', () => {
      upstream.off('error', refused);
      this.#toTarget = new Lane(this.#client, upstream, this.#faults.toTarget);
      this.#toClient = new Lane(upstream, this.#client, this.#faults.toClient);
    });
    upstream.on('close', () => {
      if (this.#client.destroyed) this.#closed();
    });
  }
}

/** An error ends its connection, which is what counts. */
function ignored(): void {}
