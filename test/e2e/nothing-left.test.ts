import { createServer } from 'node:net';
import type { NodeProcess } from '@tenon/testing/node-process';
import { expect, test } from 'vitest';
import { BackEnd } from './back-end.js';
import { childApp } from './child-app.js';

// A process whose app has closed ends by itself: no timer, no socket and no child of ours keeps it alive.

/** How long after its last word a process may take to end; far less than any timer that could hold it. */
const endsWithinMs = 5_000;

async function endsByItself(child: NodeProcess, ...said: readonly RegExp[]): Promise<void> {
  await child.line(/^closed$/);
  expect(await child.ended(endsWithinMs), child.errors).toEqual({ code: 0, signal: null });
  for (const pattern of said) expect(child.lines.join('\n')).toMatch(pattern);
}

test.each(['close', 'drain'])('in memory: start, call, %s, and the process ends', async (ending) => {
  await using child = childApp('short-life.ts', ['memory', ending]);
  await endsByItself(child, /^replied pong$/m);
});

test.each(['close', 'drain'])('over HTTP sockets: start, call, %s, and the process ends', async (ending) => {
  await using child = childApp('short-life.ts', ['http', ending]);
  await endsByItself(child, /^replied pong$/m);
});

test.each(['close', 'drain'])('over etcd and NATS: start, call, %s, and the process ends', async (ending) => {
  await using etcd = await BackEnd.started('etcd');
  await using nats = await BackEnd.started('nats-server');
  const environment = { TENON_ETCD: etcd.address, TENON_NATS: nats.address };
  await using child = childApp('short-life.ts', ['standard', ending], environment);
  await endsByItself(child, /^replied pong$/m);
  expect(child.errors).toBe('');
});

test('closed while it waits for etcd, the process ends', async () => {
  await using etcd = await BackEnd.absent('etcd');
  await using child = childApp('short-life.ts', ['standard', 'close early'], { TENON_ETCD: etcd.address });
  await endsByItself(child, /^start \[Canceled\] /m);
});

test('with no patience and no etcd, or no NATS, the process ends', async () => {
  await using etcd = await BackEnd.started('etcd');
  await using nats = await BackEnd.absent('nats-server');
  const environment = { TENON_ETCD: etcd.address, TENON_NATS: nats.address };
  await using withoutNats = childApp('short-life.ts', ['impatient'], environment);
  await endsByItself(withoutNats, /^start \[Unavailable\] .*NATS/m);
  await etcd.kill();
  await using withoutEtcd = childApp('short-life.ts', ['impatient'], environment);
  await endsByItself(withoutEtcd, /^start \[Unavailable\] .*etcd/m);
});

test('with its port in use, the process ends', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address() as { port: number };
    await using child = childApp('short-life.ts', ['http'], { TENON_LISTEN: `127.0.0.1:${port}` });
    await endsByItself(child, new RegExp(`^start \\[FailedPrecondition\\] .*127\\.0\\.0\\.1:${port}`, 'm'));
  } finally {
    holder.close();
  }
});
