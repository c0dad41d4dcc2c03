import type { Duplex } from 'node:stream';
import type { Address } from './address.js';

/** What comes in. Neither may throw. */
export interface Arrivals {
  packet(bytes: Buffer, from: Address): void;
  stream(stream: Duplex, from: Address): void;
}

/** Carries packets and streams between members; the tests' one loses some. */
export interface GossipTransport {
  /** Binds, and hands over what arrives from now on. Resolves with the address that it bound. */
  open(arrivals: Arrivals): Promise<Address>;
  /** Sends one packet, which may be lost. Never throws. */
  send(packet: Buffer, to: Address): void;
  /** Opens a stream. Rejects with `Unavailable` where nobody answers within `timeoutMs`. */
  dial(to: Address, timeoutMs: number): Promise<Duplex>;
  /** Closes everything, streams too. Twice is fine. */
  close(): Promise<void>;
}
