import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newTransport, nodeAt } from './fixture.js';
import { failure, until } from './serving.js';

/** Listens with room for one connection that nobody accepts, says where, and does nothing from then on. */
const listener = `require('node:net').createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, function () {
  require('node:fs').writeSync(1, String(this.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 120_000);
});`;

let child: ChildProcess;
let port: number;
const sockets: Socket[] = [];

beforeEach(async () => {
  child = spawn(process.execPath, ['-e', listener], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  port = Number(String(said));
  // The system answers for the process as long as there is room; who comes after that gets no answer at all.
  let connected = 0;
  for (let count = 0; count < 6; count += 1) {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => {});
    socket.on('connect', () => {
      connected += 1;
    });
    sockets.push(socket);
  }
  await until(() => connected === 2, 'there was no more room');
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  child.kill('SIGKILL');
  await once(child, 'exit');
});

test('a dial that the network never answers ends in time, or by aborting, and nothing has run', async () => {
  const hasty = newTransport({ options: { connectTimeoutMs: 50, handshakeTimeoutMs: 600_000 } });
  const error = await failure(hasty.dial(nodeAt(`127.0.0.1:${port}`), { service: 'greeter' }));
  expect(error).toMatchObject({ code: 'Unavailable', executed: 'no', answered: false });
  expect(error.rawMessage).toContain('50 ms');
  await hasty.close();

  const patient = newTransport({ options: { connectTimeoutMs: 600_000, handshakeTimeoutMs: 600_000 } });
  const abort = new AbortController();
  const dialled = failure(patient.dial(nodeAt(`127.0.0.1:${port}`), { service: 'greeter', signal: abort.signal }));
  setImmediate(() => abort.abort());
  expect(await dialled).toMatchObject({ code: 'Canceled', executed: 'no' });
  await patient.close();
});
