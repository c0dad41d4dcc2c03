import { createServer, type Server, type Socket } from 'node:net';
import { eventually, LeakCheck, rejectsWith } from '@tenon/conformance';
import { afterEach, describe, expect, it } from 'vitest';
import { natsAuthority } from '../../../test/nats-server/nats-server.js';
import { Inbox, messageOf, patienceMs } from './inbox.js';
import { never, Stage } from './stage.js';

const stage = new Stage();
afterEach(() => stage.end());

describe('starting', () => {
  it('with nothing listening is Unavailable, leaves nothing, and works once a server is there', async () => {
    const server = await stage.server();
    await server.kill();
    const check = new LeakCheck();
    const broker = stage.broker({ servers: [server.address] });
    for (let attempt = 0; attempt < 3; attempt++) {
      const failure = await check.run(() => rejectsWith(() => broker.start(never), 'Unavailable'));
      expect(failure).toMatchObject({ executed: 'no', message: expect.stringContaining(server.address) });
      expect(broker.isConnected).toBe(false);
    }
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
    await rejectsWith(() => broker.publish('t.y', messageOf('m1')), 'Unavailable');
    await rejectsWith(() => broker.subscribe('t.y', async () => {}), 'Unavailable');
    await server.restart();
    await broker.start(never);
    expect(broker.isConnected).toBe(true);
  });

  it('against a server that accepts and says nothing is Unavailable, and its socket is not left open', async () => {
    const silent = await silentServer();
    const check = new LeakCheck();
    const broker = stage.broker({ servers: [silent.address], connectTimeoutMs: 100 });
    await check.run(() => rejectsWith(() => broker.start(never), 'Unavailable'));
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
    await eventually(() => expect([silent.accepted, silent.open]).toEqual([1, 0]), { withinMs: patienceMs });
  });

  it('against a paused server is Unavailable, and leaves nothing behind when it wakes up', async () => {
    const server = await stage.server();
    server.pause();
    const check = new LeakCheck();
    const broker = stage.broker({ servers: [server.address], connectTimeoutMs: 100 });
    await check.run(() => rejectsWith(() => broker.start(never), 'Unavailable'));
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
    server.resume();
    await broker.start(never);
  });

  it('finds the one server that answers among others that do not', async () => {
    const server = await stage.server();
    const silent = await silentServer();
    const servers = [silent.address, '127.0.0.1:1', server.address];
    const broker = stage.broker({ servers, connectTimeoutMs: 1_000 });
    await broker.start(never);
    expect(broker.isConnected).toBe(true);
  });

  it('on an aborted signal is Canceled, before as after', async () => {
    const silent = await silentServer();
    const check = new LeakCheck();
    const broker = stage.broker({ servers: [silent.address], connectTimeoutMs: 2_000 });
    await rejectsWith(() => broker.start(AbortSignal.abort()), 'Canceled');
    expect(silent.accepted).toBe(0);
    const aborting = new AbortController();
    const starting = check.run(() => rejectsWith(() => broker.start(aborting.signal), 'Canceled'));
    await eventually(() => expect(silent.open).toBe(1), { withinMs: patienceMs });
    aborting.abort();
    await starting;
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
  });

  it('that is overtaken by close is FailedPrecondition, and leaves nothing', async () => {
    const silent = await silentServer();
    const check = new LeakCheck();
    const broker = stage.broker({ servers: [silent.address], connectTimeoutMs: 2_000 });
    const starting = check.run(() => rejectsWith(() => broker.start(never), 'FailedPrecondition'));
    await eventually(() => expect(silent.open).toBe(1), { withinMs: patienceMs });
    await check.run(() => broker.close());
    await starting;
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
    await rejectsWith(() => broker.start(never), 'FailedPrecondition');
  });

  it('shows who we are: by user, by token, and Unauthenticated with the wrong ones', async () => {
    const users = await stage.server({ args: ['--user', 'ada', '--pass', 's3cret'] });
    const token = await stage.server({ args: ['--auth', 't0ken'] });
    await stage.broker({ servers: [users.address], username: 'ada', password: 's3cret' }).start(never);
    await stage.broker({ servers: [token.address], token: 't0ken' }).start(never);
    for (const options of [{}, { username: 'ada', password: 'wrong' }, { token: 'wrong' }]) {
      const broker = stage.broker({ servers: [users.address], ...options });
      const failure = await rejectsWith(() => broker.start(never), 'Unauthenticated');
      expect(failure.message).not.toContain('wrong');
    }
  });

  it('talks TLS to whom it can verify, and never in the clear where TLS was asked for', async () => {
    const secure = await stage.server({ tls: true });
    const clear = await stage.server();
    const ca = await natsAuthority();
    const broker = stage.broker({ servers: [`tls://${secure.address}`], tls: { ca } });
    await broker.start(never);
    const inbox = await Inbox.open(broker, 'user.created');
    await broker.publish('user.created', messageOf('m1'));
    await inbox.has('m1');
    const check = new LeakCheck();
    const unverified = stage.broker({ servers: [`tls://${secure.address}`] });
    await check.run(() => rejectsWith(() => unverified.start(never), 'Unavailable'));
    const stripped = stage.broker({ servers: [`tls://${clear.address}`], tls: { ca } });
    await check.run(() => rejectsWith(() => stripped.start(never), 'Unavailable'));
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
  });
});

describe('closing', () => {
  it('leaves no socket and no timer, with subscriptions and fresh messages', async () => {
    const server = await stage.server();
    const check = new LeakCheck();
    await check.run(async () => {
      const broker = await stage.client(server);
      await broker.subscribe('user.created', async () => {});
      await broker.subscribe('user.created', async () => {}, { queue: 'mailer' });
      await broker.publish('user.created', messageOf('m1'));
      await broker.close();
    });
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
  });

  it('leaves none either while the server is away, and rejects what waits to be published', async () => {
    const server = await stage.server();
    const check = new LeakCheck();
    await check.run(async () => {
      const broker = await stage.client(server);
      await broker.subscribe('user.created', async () => {});
      await server.kill();
      await eventually(() => expect(broker.isConnected).toBe(false), { withinMs: patienceMs });
      const waiting = rejectsWith(() => broker.publish('user.created', messageOf('m1')), 'Unavailable');
      const subscribing = rejectsWith(() => broker.subscribe('t.y', async () => {}), 'FailedPrecondition');
      await broker.close();
      expect((await waiting).executed).toBe('no');
      await subscribing;
    });
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
  });

  it('leaves none either where the server has stopped answering', async () => {
    const server = await stage.server();
    const check = new LeakCheck();
    await check.run(async () => {
      const broker = await stage.client(server);
      await broker.subscribe('user.created', async () => {});
      server.pause();
      await broker.publish('user.created', messageOf('m1'));
      await broker.close();
    });
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
  });

  it('first writes what publishing resolved for, more than a socket takes at once', async () => {
    const server = await stage.server({ config: 'max_payload: 8MB' });
    const inbox = await Inbox.open(await stage.client(server), 'user.created');
    const publisher = await stage.client(server);
    await publisher.publish('user.created', messageOf('large', { body: Buffer.alloc(8_000_000) }));
    await publisher.close();
    await inbox.has('large');
  });
});

/** Accepts connections, and nothing else. */
async function silentServer(): Promise<{ address: string; accepted: number; readonly open: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    silent.accepted += 1;
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const silent = {
    address: `127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`,
    accepted: 0,
    get open(): number {
      return sockets.size;
    },
  };
  stage.onEnd(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return silent;
}
