import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { silentLogger } from '@tenon/contract/authoring';
import { FakeClock } from '@tenon/testing/fake-clock';
import { expect, test } from 'vitest';
import { ConnectionRouter } from './connection-router.js';
import { PortClaims } from './port-claims.js';
import { resolveSharedPortOptions } from './shared-port-options.js';

test('a head that drips in is answered in time for its connection to be closed when headersTimeoutMs says', async () => {
  const clock = new FakeClock();
  const claims = new PortClaims();
  claims.httpConnections.push({ name: 'whole', accepts: () => true, handle: () => {} });
  const options = resolveSharedPortOptions({ instance: 'test', headersTimeoutMs: 10_000 });
  const router = new ConnectionRouter({ options, claims, logger: silentLogger(), clock, tls: undefined });
  const { socket, written } = accepted();
  router.accept(socket);
  socket.push('POST / HTTP/1.1\r\nx-slow: ');
  await setImmediate();
  for (let waitedMs = 0; waitedMs < 9_200; waitedMs += 400) {
    await clock.advance(400);
    socket.push('x');
  }
  await setImmediate();
  const before = written.length;
  await clock.advance(300);
  await setImmediate();
  expect([before, written.join('').slice(0, 12)]).toEqual([0, 'HTTP/1.1 408']);
  router.close();
});

function accepted(): { readonly socket: Socket; readonly written: string[] } {
  const written: string[] = [];
  const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
    written.push(String(chunk));
    done();
  };
  const socket = new Duplex({ read: () => {}, write, allowHalfOpen: true });
  return { socket: Object.assign(socket, { remoteAddress: '127.0.0.1', remotePort: 1 }) as unknown as Socket, written };
}
