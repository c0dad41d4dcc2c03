import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A plain UDP socket on loopback that speaks to the group and keeps what comes to it: for packets that no library would send. */
export class UdpStranger {
  readonly received: Buffer[] = [];
  readonly #socket: Socket;
  readonly #port: number;

  private constructor(socket: Socket, port: number) {
    this.#socket = socket;
    this.#port = port;
    socket.on('message', (message) => this.received.push(message));
  }

  /** @param hears - whether it hears the group, as a multicast DNS node; otherwise only what is sent to it. */
  static async on(port: number, hears: boolean): Promise<UdpStranger> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    if (hears) socket.bind(port, '224.0.0.251');
    else socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.setMulticastInterface('127.0.0.1');
    if (hears) socket.addMembership('224.0.0.251', '127.0.0.1');
    return new UdpStranger(socket, port);
  }

  say(packet: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(packet, this.#port, '224.0.0.251', (error) => (error === null ? resolve() : reject(error)));
    });
  }

  close(): void {
    this.#socket.close();
  }
}
