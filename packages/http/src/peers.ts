import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Peer } from '@tenon/contract';
import { peerIdentity } from '@tenon/contract/authoring';

/** Who is at the other end of each connection of a transport, found out once. */
export class Peers {
  readonly #transport: string;
  readonly #known = new WeakMap<Socket, Peer>();
  readonly #nobody: Peer;

  /** @param transport - its name. */
  constructor(transport: string) {
    this.#transport = transport;
    this.#nobody = Object.freeze({ address: 'unknown', transport });
  }

  /** @param protocol - what it speaks, by the name of ALPN: a connection speaks one all its life. */
  of(socket: Socket, protocol = 'http/1.1'): Peer {
    let peer = this.#known.get(socket);
    if (peer === undefined) {
      peer = Object.freeze({
        address: addressOf(socket),
        transport: this.#transport,
        protocol,
        identity: peerIdentity(socket),
      });
      this.#known.set(socket, peer);
    }
    return peer;
  }

  /** Who opened a stream of HTTP/2; of one whose session is gone nothing is known. */
  ofStream({ session }: ServerHttp2Stream): Peer {
    // The session hands out a proxy of its socket, the same one each time.
    const socket = session?.socket;
    return socket === undefined ? this.#nobody : this.of(socket, 'h2');
  }
}

function addressOf({ remoteAddress = 'unknown', remotePort = 0 }: Socket): string {
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}
