import { once } from 'node:events';
import { type AddressInfo, connect as connectTo, createServer, type Socket } from 'node:net';
import type { Handlers } from '../workload/handlers.js';
import type { Small } from '../workload/payloads.js';
import type { Connected, Serving } from './contestant.js';

// What the kernel and Node's sockets cost: 24 bytes there and the same back. No frames, no codec, no handler; the answer
// is made up by the client when its bytes are back. A bound for sockets, not for calls.

export async function serve(_handlers: Handlers): Promise<Serving> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    socket.on('data', (chunk) => socket.write(chunk));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: String((server.address() as AddressInfo).port),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export async function connect(address: string): Promise<Connected> {
  const socket = connectTo({ port: Number(address), host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const waiting: (() => void)[] = [];
  let unsent = 0;
  let arrived = 0;
  const flush = (): void => {
    socket.write(Buffer.alloc(unsent * messageBytes));
    unsent = 0;
  };
  socket.on('data', (chunk) => {
    arrived += chunk.length;
    const answered = waiting.splice(0, Math.floor(arrived / messageBytes));
    arrived %= messageBytes;
    for (const resolve of answered) resolve();
  });
  return {
    small: ({ name, n }) =>
      new Promise<Small>((resolve) => {
        waiting.push(() => resolve({ name, n: n + 1 }));
        if (unsent === 0) process.nextTick(flush);
        unsent += 1;
      }),
    close: async () => {
      socket.destroy();
      await once(socket, 'close');
    },
  };
}

const messageBytes = 24;
