import type { Connection } from '@tenon/contract';
import { expect, test } from 'vitest';
import { newTransport } from './fixture.js';
import { call, Serving, until } from './serving.js';

test('connections at rest hold no buffer, and what has ended leaves nothing', async () => {
  const serving = await Serving.start({});
  const transport = newTransport();
  const count = 200;
  const buffersBytes = (): number => process.memoryUsage().arrayBuffers;
  try {
    const before = buffersBytes();
    const connections: Connection[] = [];
    for (let at = 0; at < count; at += 20) {
      const some = Array.from({ length: 20 }, () => transport.dial(serving.node, { service: 'greeter' }));
      connections.push(...(await Promise.all(some)));
    }
    for (const connection of connections) expect((await call(connection, 'Hello', 1)).value).toEqual({ hello: 1 });
    // A buffer of 64 KiB on each side of each would be 25 MiB; a few are kept for everybody.
    expect((buffersBytes() - before) / count).toBeLessThan(24 * 1_024);
    await Promise.all(connections.map((connection) => connection.close()));
    await until(() => connections.every(({ ended }) => ended === true), 'all ended');
  } finally {
    await serving.close();
    await transport.close();
  }
});
