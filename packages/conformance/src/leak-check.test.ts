import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { LeakCheck } from './leak-check.js';

/** The types that stay open after `open`, and after what it returned was called. */
async function leaksOf(open: () => Promise<() => unknown>): Promise<readonly [readonly string[], readonly string[]]> {
  const check = new LeakCheck();
  try {
    const close = await check.run(open);
    const before = (await check.leaks(20)).map(({ type }) => type);
    await check.run(async () => close());
    return [before, (await check.leaks(5_000)).map(({ type }) => type)];
  } finally {
    check.stop();
  }
}

async function listening(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

it('finds timers, also those that do not keep the process alive', async () => {
  const timeout = async () => {
    const timer = setTimeout(() => {}, 60_000).unref();
    return () => clearTimeout(timer);
  };
  const interval = async () => {
    const timer = setInterval(() => {}, 5);
    return () => clearInterval(timer);
  };
  expect(await leaksOf(timeout)).toEqual([['Timeout'], []]);
  expect(await leaksOf(interval)).toEqual([['Timeout'], []]);
});

it('waits for what ends by itself', async () => {
  const check = new LeakCheck();
  check.run(() => setTimeout(() => {}, 50));
  expect(await check.leaks(5_000)).toEqual([]);
  check.stop();
});

it('finds listening servers', async () => {
  const open = async () => {
    const server = await listening();
    return () => server.close();
  };
  expect(await leaksOf(open)).toEqual([['TCPSERVERWRAP'], []]);
});

it('finds sockets', async () => {
  const server = await listening();
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const open = async () => {
    const socket = connect(portOf(server), '127.0.0.1');
    await once(socket, 'connect');
    return () => socket.destroy();
  };
  const [before, after] = await leaksOf(open);
  expect(before).toContain('TCPWRAP');
  expect(after).toEqual([]);
  (await accepted).destroy();
  server.close();
});

it('finds child processes', async () => {
  const open = async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    return () => child.kill();
  };
  expect(await leaksOf(open)).toEqual([['PROCESSWRAP'], []]);
});

it('leaves alone what others open meanwhile', async () => {
  const check = new LeakCheck();
  let start: () => void = () => {};
  const others = new Promise<void>((resolve) => {
    start = resolve;
  }).then(() => setTimeout(() => {}, 60_000).unref());
  await check.run(async () => start());
  const timer = await others;
  expect(await check.leaks(0)).toEqual([]);
  clearTimeout(timer);
  check.stop();
});

it('tolerates what was made where the caller said, of the type that it said', async () => {
  const leftWith = async (type?: string) => {
    const check = new LeakCheck([{ createdBy: 'leak-check.test.ts', type, reason: 'a test of the toleration' }]);
    const timer = check.run(() => setTimeout(() => {}, 60_000).unref());
    const leaks = await check.leaks(0);
    clearTimeout(timer);
    check.stop();
    return leaks.map((leak) => leak.type);
  };
  expect(await leftWith()).toEqual([]);
  expect(await leftWith('Timeout')).toEqual([]);
  expect(await leftWith('TCPWRAP')).toEqual(['Timeout']);
});
