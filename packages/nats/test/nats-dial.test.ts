import { createServer, type Socket } from 'node:net';
import { eventually, LeakCheck, rejectsWith } from '@tenon/conformance';
import type { Logger } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { afterEach, describe, expect, it } from 'vitest';
import { NatsServer, type NatsServerOptions, natsAuthority } from '../../../test/nats-server/nats-server.js';
import { type NatsSession, natsDial, type StatusReport, statusLog } from '../src/index.js';
import { type NatsConnectionOptions, resolveNatsConnection } from '../src/options/index.js';

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const patience = { withinMs: 5_000 };
const limits = { timeoutMs: 2_000, signal: new AbortController().signal };

async function serverOf(options: NatsServerOptions = {}): Promise<NatsServer> {
  const server = await NatsServer.start(options);
  endings.push(() => server.stop());
  return server;
}

/** Dials as the options say, with whatever is left of the session dropped at the end of the test. */
function dialled(address: string, options: NatsConnectionOptions = {}, report?: StatusReport, given = limits) {
  const settings = { ...resolveNatsConnection('test', options), name: 'a test' };
  const dialling = natsDial(settings, systemClock(), report)(address, given);
  endings.push(() => dialling.then((session) => session.drop()).catch(() => {}));
  return dialling;
}

/** Accepts connections, and says nothing. */
async function silentServer(): Promise<{ readonly address: string; readonly open: () => number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const bound = server.address();
  return { address: `127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`, open: () => sockets.size };
}

describe('a dial', () => {
  it('opens a connection under its name, which says when it has ended', async () => {
    const server = await serverOf();
    const session = await dialled(server.address);
    expect(session.server).toBe(server.address);
    await session.connection.flush();
    await server.kill();
    await session.ended;
    expect(session.connection.isClosed()).toBe(true);
  });

  it('where nobody listens is Unavailable, and says where', async () => {
    const server = await serverOf();
    await server.kill();
    const check = new LeakCheck();
    const failure = await check.run(() => rejectsWith(() => dialled(server.address), 'Unavailable'));
    expect(failure).toMatchObject({ executed: 'no', message: expect.stringContaining(`NATS at ${server.address}`) });
    expect(await check.leaks(5_000)).toEqual([]);
    check.stop();
  });

  it('of a server that says nothing ends in its time, and leaves no socket', async () => {
    const silent = await silentServer();
    const check = new LeakCheck();
    const failure = await check.run(() =>
      rejectsWith(() => dialled(silent.address, {}, undefined, { ...limits, timeoutMs: 100 }), 'Unavailable'),
    );
    expect(failure.message).toContain('no answer within 100 ms');
    expect(await check.leaks(5_000)).toEqual([]);
    check.stop();
    await eventually(() => expect(silent.open()).toBe(0), patience);
  });

  it('that is called off is Canceled, and leaves no socket', async () => {
    const silent = await silentServer();
    const check = new LeakCheck();
    const calledOff = new AbortController();
    const dialling = check.run(() =>
      rejectsWith(() => dialled(silent.address, {}, undefined, { ...limits, signal: calledOff.signal }), 'Canceled'),
    );
    await eventually(() => expect(silent.open()).toBe(1), patience);
    calledOff.abort();
    await dialling;
    expect(await check.leaks(5_000)).toEqual([]);
    check.stop();
  });

  it('shows who we are: by user, by token, and is Unauthenticated with the wrong one', async () => {
    const users = await serverOf({ args: ['--user', 'ada', '--pass', 's3cret'] });
    const token = await serverOf({ args: ['--auth', 't0ken'] });
    await dialled(users.address, { username: 'ada', password: 's3cret' });
    await dialled(token.address, { token: 't0ken' });
    await rejectsWith(() => dialled(users.address, { username: 'ada', password: 'wrong' }), 'Unauthenticated');
  });

  it('talks TLS to whom it can verify, and never in the clear where TLS was asked for', async () => {
    const secure = await serverOf({ tls: true });
    const clear = await serverOf();
    const tls = { ca: await natsAuthority() };
    await dialled(secure.address, { tls });
    await rejectsWith(() => dialled(secure.address, { tls: {} }), 'Unavailable');
    await rejectsWith(() => dialled(clear.address, { tls }), 'Unavailable');
  });
});

describe('a session', () => {
  it('logs what the server refuses, and that it does not answer', async () => {
    const server = await serverOf({
      config: 'authorization { users: [{ user: ada, password: x, permissions: { publish: { deny: "secret" } } }] }',
    });
    const told: (readonly [string, unknown])[] = [];
    const { debug, info, error } = silentLogger();
    const warn: Logger['warn'] = (message, fields) => void told.push([message, fields]);
    const logger: Logger = { debug, info, warn, error, child: () => logger };
    const ada = { username: 'ada', password: 'x', pingIntervalMs: 100 };
    const session = await dialled(server.address, ada, statusLog(logger));
    session.connection.publish('secret', 'x');
    await eventually(() => expect(told).toHaveLength(1), patience);
    server.pause();
    await session.ended;
    expect(told).toEqual([
      [
        'NATS reports an error',
        { server: server.address, error: expect.stringContaining('Permissions Violation for Publish to "secret"') },
      ],
      ['NATS does not answer', { server: server.address }],
    ]);
    server.resume();
  });

  it('ends by itself where the server does not answer its pings, also with bytes that are not written', async () => {
    const server = await serverOf({ config: 'max_payload: 8MB' });
    const session = await dialled(server.address, { pingIntervalMs: 100 });
    server.pause();
    for (let count = 0; count < 4; count += 1) session.connection.publish('a', new Uint8Array(8_000_000));
    await session.ended;
    server.resume();
  });

  it('is dropped at once, whoever is at its other end', async () => {
    const server = await serverOf({ config: 'max_payload: 8MB' });
    const check = new LeakCheck();
    const session = await check.run(() => dialled(server.address));
    server.pause();
    for (let count = 0; count < 4; count += 1) session.connection.publish('a', new Uint8Array(8_000_000));
    session.drop();
    await session.ended;
    expect(await check.leaks(5_000)).toEqual([]);
    check.stop();
    server.resume();
  });

  it('that is closed has written what it was handed, and leaves no socket and no timer', async () => {
    const server = await serverOf();
    const listener = await dialled(server.address);
    const heard: string[] = [];
    listener.connection.subscribe('a', { callback: (_, message) => void heard.push(message.string()) });
    await listener.connection.flush();
    const check = new LeakCheck();
    await check.run(async () => {
      const session: NatsSession = await dialled(server.address);
      session.connection.publish('a', 'the last word');
      await session.close();
      await session.close();
    });
    await eventually(() => expect(heard).toEqual(['the last word']), patience);
    expect(await check.leaks(5_000)).toEqual([]);
    check.stop();
  });
});
