import type { Duplex } from 'node:stream';
import { ServiceError } from '@tenon/contract';
import type { Address, Arrivals, GossipTransport } from '../src/index.js';
import { textOf } from '../src/index.js';

/** What is between the members of a test: real sockets, of which some packets and streams do not get through. */
export class Network {
  /** The share of packets that is lost, 0 to 1. */
  loss = 0;
  readonly #sides = new Map<string, number>();
  readonly #frozen = new Map<string, (() => void)[]>();
  readonly #transports = new Set<NetworkTransport>();
  #random: number;

  /** @param seed - the same packets are lost in the same order. */
  constructor(seed = 1) {
    this.#random = seed;
  }

  /** Only members of one group reach each other from now on. Those of no group are one too. */
  split(...groups: readonly (readonly string[])[]): void {
    this.#sides.clear();
    for (const [side, addresses] of groups.entries()) for (const address of addresses) this.#sides.set(address, side);
    for (const transport of this.#transports) transport.dropStreams();
  }

  heal(): void {
    this.#sides.clear();
  }

  /** What one member sends and is sent waits until {@link thaw}, as for a process that is stopped. */
  freeze(address: string): void {
    this.#frozen.set(address, []);
  }

  thaw(address: string): void {
    const held = this.#frozen.get(address) ?? [];
    this.#frozen.delete(address);
    for (const deliver of held) deliver();
  }

  /** Delivers now, or when the member runs again. */
  deliver(address: string, deliver: () => void): void {
    const held = this.#frozen.get(address);
    if (held === undefined) deliver();
    else held.push(deliver);
  }

  connect(transport: NetworkTransport): void {
    this.#transports.add(transport);
  }

  joins(one: string, other: string): boolean {
    return this.#sides.get(one) === this.#sides.get(other);
  }

  loses(): boolean {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#random / 2 ** 32 < this.loss;
  }
}

/** Sockets behind a {@link Network}. */
export class NetworkTransport implements GossipTransport {
  readonly #inner: GossipTransport;
  readonly #network: Network;
  readonly #streams = new Set<Duplex>();
  #address = '';

  constructor(inner: GossipTransport, network: Network) {
    this.#inner = inner;
    this.#network = network;
  }

  async open(arrivals: Arrivals): Promise<Address> {
    this.#network.connect(this);
    const address = await this.#inner.open({
      packet: (bytes, from) => {
        if (!this.#network.joins(this.#address, textOf(from)) || this.#network.loses()) return;
        this.#network.deliver(this.#address, () => arrivals.packet(bytes, from));
      },
      // Who it is that dialed is known at the other end only, which refuses for both.
      stream: (stream, from) => {
        this.#track(stream);
        this.#network.deliver(this.#address, () => arrivals.stream(stream, from));
      },
    });
    this.#address = textOf(address);
    return address;
  }

  send(packet: Buffer, to: Address): void {
    if (!this.#network.joins(this.#address, textOf(to))) return;
    this.#network.deliver(this.#address, () => this.#inner.send(packet, to));
  }

  async dial(to: Address, timeoutMs: number): Promise<Duplex> {
    if (!this.#network.joins(this.#address, textOf(to))) throw new ServiceError('Unavailable', 'cut off by the test');
    return this.#track(await this.#inner.dial(to, timeoutMs));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  dropStreams(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  #track(stream: Duplex): Duplex {
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    return stream;
  }
}
