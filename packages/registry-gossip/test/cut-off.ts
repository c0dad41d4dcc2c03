import type { Duplex } from 'node:stream';
import { ServiceError } from '@tenon/contract';
import { type Address, type Arrivals, type GossipTransport, SocketTransport, textOf } from '@tenon/gossip';

/** Real sockets on loopback whose owner can be cut off: from everybody, as a killed process is, or from one side of a partition. */
export class CutTransport implements GossipTransport {
  readonly #sockets = new SocketTransport({ host: '127.0.0.1', ports: [0] });
  readonly #streams = new Set<Duplex>();
  #reaches: (address: string) => boolean = () => true;
  #hasCrashed = false;

  open(arrivals: Arrivals): Promise<Address> {
    return this.#sockets.open({
      packet: (bytes, from) => {
        if (this.#reaches(textOf(from))) arrivals.packet(bytes, from);
      },
      // At which port somebody listens who dials is not known here; in a partition that one does not dial.
      stream: (stream, from) => {
        if (this.#hasCrashed) stream.destroy();
        else arrivals.stream(this.#track(stream), from);
      },
    });
  }

  send(packet: Buffer, to: Address): void {
    if (this.#reaches(textOf(to))) this.#sockets.send(packet, to);
  }

  async dial(to: Address, timeoutMs: number): Promise<Duplex> {
    if (!this.#reaches(textOf(to))) throw new ServiceError('Unavailable', 'cut off by the test');
    return this.#track(await this.#sockets.dial(to, timeoutMs));
  }

  close(): Promise<void> {
    return this.#sockets.close();
  }

  /** Nothing leaves any more, nothing comes in. */
  crash(): void {
    this.#hasCrashed = true;
    this.reachOnly(() => false);
  }

  /** From now on only these are reached, and reach this one. */
  reachOnly(reaches: (address: string) => boolean): void {
    this.#reaches = reaches;
    for (const stream of this.#streams) stream.destroy();
  }

  #track(stream: Duplex): Duplex {
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    return stream;
  }
}
