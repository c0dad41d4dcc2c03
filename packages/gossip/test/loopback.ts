import type { Duplex } from 'node:stream';
import { ServiceError } from '@tenon/contract';
import type { Address, Arrivals, GossipTransport } from '../src/index.js';

/** No sockets: a test puts packets in by hand and sees what is sent. */
export class Loopback implements GossipTransport {
  readonly sent: { readonly packet: Buffer; readonly to: Address }[] = [];
  #arrivals: Arrivals | undefined;

  async open(arrivals: Arrivals): Promise<Address> {
    this.#arrivals = arrivals;
    return { host: '127.0.0.1', port: 7_946 };
  }

  deliver(packet: Buffer, from: Address = { host: '127.0.0.1', port: 9 }): void {
    this.#arrivals?.packet(packet, from);
  }

  send(packet: Buffer, to: Address): void {
    // Only the last ones: a million answers are not kept.
    if (this.sent.length > 100) this.sent.length = 0;
    this.sent.push({ packet, to });
  }

  dial(): Promise<Duplex> {
    return Promise.reject(new ServiceError('Unavailable', 'nobody is there'));
  }

  async close(): Promise<void> {
    this.#arrivals = undefined;
  }
}
