import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ServiceError } from '@tenon/contract';
import type { Address } from './address.js';
import { textOf } from './address.js';
import type { Arrivals, GossipTransport } from './transport.js';

/** Where to bind: the first port of these that is free for UDP and TCP alike; 0 is any. */
export interface BindAddress {
  readonly host: string;
  readonly ports: readonly number[];
}

/** UDP and TCP on one port. While it is open its process lives, as with any other connection. */
export class SocketTransport implements GossipTransport {
  readonly #bind: BindAddress;
  readonly #streams = new Set<Socket>();
  #server: Server | undefined;
  #udp: UdpSocket | undefined;
  #isClosed = false;

  constructor(bind: BindAddress) {
    this.#bind = bind;
  }

  async open(arrivals: Arrivals): Promise<Address> {
    const { host, ports } = this.#bind;
    let failure: unknown;
    // Any port may be free for TCP alone: that one is tried again.
    for (const port of ports.flatMap((one) => (one === 0 ? Array<number>(8).fill(0) : [one]))) {
      try {
        return await this.#openAt(port, arrivals);
      } catch (thrown) {
        failure = thrown;
        await this.#release();
        if (!isInUse(thrown)) break;
      }
    }
    const where = ports.map((port) => textOf({ host, port })).join(', ');
    throw new ServiceError('Unavailable', `gossip cannot listen on ${where}`, { cause: failure, executed: 'no' });
  }

  send(packet: Buffer, to: Address): void {
    if (this.#isClosed) return;
    // A packet that cannot be sent is a lost packet.
    this.#udp?.send(packet, to.port, to.host, () => {});
  }

  async dial(to: Address, timeoutMs: number): Promise<Duplex> {
    if (this.#isClosed) throw unavailable(to, undefined);
    const socket = connect({ host: to.host, port: to.port, noDelay: true });
    this.#track(socket);
    const timer = setTimeout(() => socket.destroy(new Error('nobody answered in time')), timeoutMs);
    try {
      await connected(socket);
      return socket;
    } catch (cause) {
      socket.destroy();
      throw unavailable(to, cause);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#release();
  }

  async #openAt(port: number, arrivals: Arrivals): Promise<Address> {
    const server = createServer({ noDelay: true });
    this.#server = server;
    server.listen(port, this.#bind.host);
    await once(server, 'listening');
    const bound = server.address() as { readonly address: string; readonly port: number };
    const udp = createSocket({ type: isIPv6(bound.address) ? 'udp6' : 'udp4', recvBufferSize: receiveBufferBytes });
    this.#udp = udp;
    udp.bind(bound.port, bound.address);
    await once(udp, 'listening');
    // An answer that a port is closed comes in as an error of the socket; it says nothing that a probe does not find out.
    udp.on('error', () => {});
    udp.on('message', (bytes, { address: host, port: fromPort }) => arrivals.packet(bytes, { host, port: fromPort }));
    server.on('error', () => {});
    server.on('connection', (socket) => {
      this.#track(socket);
      arrivals.stream(socket, { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 });
    });
    return { host: bound.address, port: bound.port };
  }

  #track(socket: Socket): void {
    socket.unref();
    socket.on('error', () => {});
    this.#streams.add(socket);
    socket.once('close', () => this.#streams.delete(socket));
  }

  async #release(): Promise<void> {
    const server = this.#server;
    const udp = this.#udp;
    this.#server = undefined;
    this.#udp = undefined;
    const streams = [...this.#streams].map((socket) =>
      socket.closed ? undefined : new Promise((resolve) => socket.destroy().once('close', resolve)),
    );
    await Promise.all([
      ...streams,
      server?.listening === true ? new Promise((resolve) => server.close(resolve)) : undefined,
      udp === undefined ? undefined : new Promise<void>((resolve) => closeUdp(udp, resolve)),
    ]);
  }
}

/** Rejects also where it is closed without an error, as all are when the transport closes. */
function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
}

function closeUdp(udp: UdpSocket, onClosed: () => void): void {
  try {
    udp.close(onClosed);
  } catch {
    // Never bound, or closed by its own failure.
    onClosed();
  }
}

function isInUse(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'EADDRINUSE';
}

function unavailable(to: Address, cause: unknown): ServiceError {
  return new ServiceError('Unavailable', `no connection to ${textOf(to)}`, { cause, executed: 'no' });
}

/** A burst of a large cluster at once; the kernel may give less. */
const receiveBufferBytes = 2 * 1_024 * 1_024;
