import type { Socket } from 'node:dgram';
import { type Network, systemNetwork } from '../src/network.js';

/**
 * The network of this machine, over real sockets and real multicast, with a switch that does what the kernel does to an interface that is
 * taken down: it is listed no more, what is sent fails, and nothing comes in. `test/namespace.test.ts` takes a real one down.
 */
export class FaultyNetwork implements Network {
  readonly #system = systemNetwork();
  isDown = false;
  /** Loses a packet that comes in, where it returns true. */
  loses: (packet: Buffer) => boolean = () => false;

  addresses() {
    return this.isDown ? [] : this.#system.addresses();
  }

  createSocket(): Socket {
    const socket = this.#system.createSocket();
    const send = socket.send.bind(socket) as (...given: unknown[]) => void;
    const isDown = (): boolean => this.isDown;
    Object.assign(socket, {
      send: (...given: unknown[]) => {
        const done = given.at(-1);
        if (!isDown()) send(...given);
        else if (typeof done === 'function')
          process.nextTick(done, Object.assign(new Error('down'), { code: 'ENETDOWN' }));
      },
    });
    const isLost = (packet: unknown): boolean => this.loses(packet as Buffer);
    const emit = socket.emit.bind(socket) as (...given: unknown[]) => boolean;
    Object.assign(socket, {
      emit: (...given: unknown[]) =>
        given[0] === 'message' && (isDown() || isLost(given[1])) ? false : emit(...given),
    });
    return socket;
  }
}
