import type { Socket } from 'node:net';
import type { Peer } from '@tenon/contract';
import { peerIdentity } from '@tenon/contract/authoring';

/** Who is at the other end of each connection, found out once. */
export class Peers {
  readonly #known = new WeakMap<Socket, Peer>();

  of(socket: Socket): Peer {
    let peer = this.#known.get(socket);
    if (peer === undefined) {
      peer = Object.freeze({ address: addressOf(socket), transport: 'http', identity: peerIdentity(socket) });
      this.#known.set(socket, peer);
    }
    return peer;
  }
}

function addressOf({ remoteAddress = 'unknown', remotePort = 0 }: Socket): string {
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}
