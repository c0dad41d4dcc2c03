import type { Socket } from 'node:net';
import type { Peer } from '../../call.js';
import { peerIdentity } from '../peer-identity.js';

/** Who is at the other end of each connection of a transport, found out once. */
export class Peers {
  readonly #transport: string;
  readonly #known = new WeakMap<Socket, Peer>();

  /** @param transport - its name. */
  constructor(transport: string) {
    this.#transport = transport;
  }

  of(socket: Socket): Peer {
    let peer = this.#known.get(socket);
    if (peer === undefined) {
      peer = Object.freeze({
        address: addressOf(socket),
        transport: this.#transport,
        identity: peerIdentity(socket),
      });
      this.#known.set(socket, peer);
    }
    return peer;
  }
}

function addressOf({ remoteAddress = 'unknown', remotePort = 0 }: Socket): string {
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}
