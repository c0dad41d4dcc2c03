import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Direction, Target } from '../proxy/proxied-connection.js';
import type { UdpFault, UdpFlow } from './udp-fault.js';

/** Datagrams that a proxy got, and that it sent on: they differ by what was lost, doubled or is still under way. */
export interface UdpProxyCounts {
  readonly receivedFromClients: number;
  readonly sentToTarget: number;
  readonly receivedFromTarget: number;
  readonly sentToClients: number;
}

/** Both ways of one client, and the socket that stands for it before the target. */
interface Peer {
  readonly upstream: Socket;
  toTarget: UdpFlow;
  toClient: UdpFlow;
  readonly sendToTarget: (datagram: Buffer) => void;
  readonly sendToClient: (datagram: Buffer) => void;
}

/**
 * Stands between clients and one UDP server, on a random port of 127.0.0.1. Each client has a port of its own before the
 * target, so that answers find back.
 *
 * @example
 * await using proxy = await UdpFaultProxy.start({ host: '127.0.0.1', port: 7946 });
 * proxy.inject([udpFaults.loss({ share: 0.2 }), udpFaults.latency({ latencyMs: 30, jitterMs: 20 })]);
 */
export class UdpFaultProxy implements AsyncDisposable {
  readonly #target: Target;
  readonly #socket = createSocket('udp4');
  readonly #peers = new Map<string, Promise<Peer>>();
  #faults: { toTarget: readonly UdpFault[]; toClient: readonly UdpFault[] } = { toTarget: [], toClient: [] };
  readonly #counts = { receivedFromClients: 0, sentToTarget: 0, receivedFromTarget: 0, sentToClients: 0 };
  #isClosed = false;

  private constructor(target: Target) {
    this.#target = target;
  }

  static async start(target: Target): Promise<UdpFaultProxy> {
    const proxy = new UdpFaultProxy({ ...target });
    proxy.#socket.on('message', (datagram, { address, port }) => void proxy.#take(datagram, address, port));
    proxy.#socket.on('error', () => {});
    proxy.#socket.bind(0, '127.0.0.1');
    await once(proxy.#socket, 'listening');
    return proxy;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get counts(): UdpProxyCounts {
    return { ...this.#counts };
  }

  /** Treats datagrams so from now on, by each fault in turn, instead of what was injected before. */
  async inject(faults: UdpFault | readonly UdpFault[], direction: Direction = 'both'): Promise<void> {
    const all = 'flow' in faults ? [faults] : faults;
    this.#faults = {
      toTarget: direction === 'to-client' ? this.#faults.toTarget : all,
      toClient: direction === 'to-target' ? this.#faults.toClient : all,
    };
    for (const peer of await Promise.all(this.#peers.values())) {
      peer.toTarget.stop?.();
      peer.toClient.stop?.();
      peer.toTarget = through(this.#faults.toTarget, peer.sendToTarget);
      peer.toClient = through(this.#faults.toClient, peer.sendToClient);
    }
  }

  /** No fault any more; what was held back is sent first. */
  heal(): Promise<void> {
    return this.inject([]);
  }

  /** Frees every port. Twice is fine. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const peers = await Promise.all(this.#peers.values());
    for (const peer of peers) {
      peer.toTarget.stop?.();
      peer.toClient.stop?.();
    }
    for (const socket of [this.#socket, ...peers.map(({ upstream }) => upstream)]) socket.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #take(datagram: Buffer, address: string, port: number): Promise<void> {
    this.#counts.receivedFromClients += 1;
    const key = `${address}:${port}`;
    const peer = this.#peers.get(key) ?? this.#join(address, port);
    this.#peers.set(key, peer);
    (await peer).toTarget.take(datagram);
  }

  async #join(address: string, port: number): Promise<Peer> {
    const upstream = createSocket('udp4');
    upstream.on('error', () => {});
    upstream.bind(0, '127.0.0.1');
    await once(upstream, 'listening');
    const sendToTarget = (datagram: Buffer): void => {
      this.#counts.sentToTarget += 1;
      if (!this.#isClosed) upstream.send(datagram, this.#target.port, this.#target.host);
    };
    const sendToClient = (datagram: Buffer): void => {
      this.#counts.sentToClients += 1;
      if (!this.#isClosed) this.#socket.send(datagram, port, address);
    };
    const toTarget = through(this.#faults.toTarget, sendToTarget);
    const peer: Peer = {
      upstream,
      toTarget,
      toClient: through(this.#faults.toClient, sendToClient),
      sendToTarget,
      sendToClient,
    };
    upstream.on('message', (datagram) => {
      this.#counts.receivedFromTarget += 1;
      peer.toClient.take(datagram);
    });
    return peer;
  }
}

/** One flow through several faults, the first one first. */
function through(faults: readonly UdpFault[], send: (datagram: Buffer) => void): UdpFlow {
  const flows: UdpFlow[] = [];
  let next = send;
  for (const fault of faults.toReversed()) {
    const flow = fault.flow(next);
    flows.unshift(flow);
    next = (datagram) => flow.take(datagram);
  }
  return {
    take: (datagram) => next(datagram),
    stop: () => {
      for (const flow of flows) flow.stop?.();
    },
  };
}
