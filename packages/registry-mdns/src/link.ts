import type { RemoteInfo, Socket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import multicastDns from 'multicast-dns';
import type { DnsRecord } from './dns-record.js';
import { type InterfaceAddress, isWithin, type Network } from './network.js';
import { isPlausible } from './packet-guard.js';

/** A question: for the records of one name and type. */
export interface Question {
  readonly name: string;
  readonly type: 'PTR' | 'SRV' | 'TXT' | 'A' | 'AAAA' | 'ANY';
}

/** What is sent. */
export interface OutgoingPacket {
  readonly id?: number;
  readonly questions?: readonly Question[];
  readonly answers?: readonly DnsRecord[];
  readonly authorities?: readonly DnsRecord[];
  readonly additionals?: readonly DnsRecord[];
}

/** What came, decoded, not checked beyond that. */
export interface IncomingPacket {
  readonly id?: number;
  readonly questions?: readonly { readonly name: string; readonly type: string }[];
  readonly answers?: readonly unknown[];
  readonly authorities?: readonly unknown[];
  readonly additionals?: readonly unknown[];
}

/** Who sent a packet. */
export interface Sender {
  readonly address: string;
  readonly port: number;
}

/** Who hears of what comes in. Must not throw. */
export interface LinkListener {
  onQuery(link: Link, packet: IncomingPacket, from: Sender): void;
  onResponse(packet: IncomingPacket): void;
}

/** What links are opened with. */
export interface LinkOptions {
  readonly network: Network;
  readonly port: number;
  readonly listener: LinkListener;
}

/**
 * One interface: a socket that hears the group and speaks as a multicast DNS node, and one on a port of its own that asks.
 *
 * The second is for go-micro, whose responder answers the asker's port and nobody else: on port 5353, which all processes of a machine
 * share, such an answer would reach any one of them.
 */
export class Link {
  readonly address: string;
  readonly #group: Endpoint;
  readonly #asking: Endpoint;
  readonly #port: number;

  private constructor(address: string, group: Endpoint, asking: Endpoint, port: number) {
    this.address = address;
    this.#group = group;
    this.#asking = asking;
    this.#port = port;
  }

  /** Rejects where the interface cannot be used for multicast. */
  static async open(at: InterfaceAddress, { network, port, listener }: LinkOptions): Promise<Link> {
    const group = await opened(network, at, port, groupHost());
    try {
      const asking = await opened(network, at, 0, at.address);
      const link = new Link(at.address, group, asking, port);
      for (const { mdns } of [group, asking]) {
        // What cannot be decoded is nobody's concern; a socket that fails shows when it sends.
        mdns.on('warning', () => {});
        mdns.on('error', () => {});
        mdns.on('response', (packet: IncomingPacket) => listener.onResponse(packet));
      }
      group.mdns.on('query', (packet: IncomingPacket, from: Sender) => listener.onQuery(link, packet, from));
      return link;
    } catch (error) {
      group.mdns.destroy();
      throw error;
    }
  }

  /** To everybody. */
  multicast(kind: 'query' | 'response', packet: OutgoingPacket): Promise<void> {
    return sent(this.#group, kind, packet, { address: groupAddress, port: this.#port });
  }

  /** A query to everybody whose answers come back here. */
  ask(packet: OutgoingPacket): Promise<void> {
    return sent(this.#asking, 'query', packet, { address: groupAddress, port: this.#port });
  }

  /** To one asker. */
  reply(packet: OutgoingPacket, to: Sender): Promise<void> {
    return sent(this.#group, 'response', packet, to);
  }

  async close(): Promise<void> {
    await Promise.all([this.#group, this.#asking].map(({ mdns }) => new Promise<void>((done) => mdns.destroy(done))));
  }
}

interface Endpoint {
  readonly mdns: Mdns;
}

/** The part of `multicast-dns` that is used, by our own records: its types are those of every DNS record there is. */
interface Mdns {
  query(packet: OutgoingPacket, to: Sender, done: (error?: Error | null) => void): void;
  respond(packet: OutgoingPacket, to: Sender, done: (error?: Error | null) => void): void;
  on(event: 'query' | 'response', listener: (packet: IncomingPacket, from: Sender) => void): unknown;
  on(event: 'warning' | 'error', listener: () => void): unknown;
  destroy(done?: () => void): void;
}

/**
 * A socket of our own, bound and joined, in the hands of `multicast-dns`: between them stands the check of what comes in. It must
 * come from this link (RFC 6762 §11), and be decoded in bounded time.
 */
async function opened(network: Network, at: InterfaceAddress, port: number, host: string): Promise<Endpoint> {
  const socket = network.createSocket();
  try {
    socket.bind({ port, address: host, exclusive: false });
    await once(socket, 'listening');
    socket.setMulticastInterface(at.address);
    socket.setMulticastTTL(255);
    socket.setMulticastLoopback(true);
    if (port !== 0) socket.addMembership(groupAddress, at.address);
    growBuffer(socket);
  } catch (error) {
    socket.close();
    throw error;
  }
  const guarded = Object.assign(new EventEmitter(), {
    send: socket.send.bind(socket),
    close: socket.close.bind(socket),
    address: socket.address.bind(socket),
  });
  socket.on('error', (error) => guarded.emit('error', error));
  socket.on('message', (message: Buffer, from: RemoteInfo) => {
    if (isWithin(at.subnet, from.address) && isPlausible(message)) guarded.emit('message', message, from);
  });
  const options = { socket: guarded as unknown as Socket, port, multicast: false, bind: false as const };
  return { mdns: multicastDns(options) as unknown as Mdns };
}

/** Many answer at once. The system may give less; that is no error. */
function growBuffer(socket: Socket): void {
  try {
    socket.setRecvBufferSize(4 * 1_024 * 1_024);
  } catch {
    // What the system gives by itself will do.
  }
}

function sent({ mdns }: Endpoint, kind: 'query' | 'response', packet: OutgoingPacket, to: Sender): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve());
    // It writes into what it is given.
    if (kind === 'query') mdns.query({ questions: [], ...packet }, { ...to }, done);
    else mdns.respond({ ...packet }, { ...to }, done);
  });
}

/**
 * Bound to the group itself where the system can, a socket hears nothing else: no port stands open for packets to this machine.
 */
function groupHost(): string {
  return process.platform === 'win32' ? '0.0.0.0' : groupAddress;
}

/** RFC 6762 §3. */
const groupAddress = '224.0.0.251';
