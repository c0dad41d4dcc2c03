import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { SocketTracker } from './socket-tracker.js';

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A socket that a tracker knows, connected to somebody who says nothing. */
async function tracked(): Promise<{ readonly sockets: SocketTracker; readonly socket: Socket }> {
  const server = createServer((other) => void other.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  await once(server, 'listening');
  const bound = server.address();
  const sockets = new SocketTracker();
  const socket = await sockets.run(async () => {
    const opened = connect(typeof bound === 'object' && bound !== null ? bound.port : 0, '127.0.0.1');
    await once(opened, 'connect');
    return opened;
  });
  ends.push(() => socket.destroy());
  return { sockets, socket };
}

it('bears the errors of its sockets, also after all their listeners were taken off', async () => {
  const { sockets, socket } = await tracked();
  sockets.bearErrors();
  socket.removeAllListeners();
  expect(() => socket.emit('error', new Error('write after end'))).not.toThrow();
  socket.removeAllListeners('error');
  expect(() => socket.emit('error', new Error('write after end'))).not.toThrow();
});

it('destroys its sockets', async () => {
  const { sockets, socket } = await tracked();
  sockets.destroy();
  expect(socket.destroyed).toBe(true);
});
