import { readFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { eventually, LeakCheck, rejectsWith } from '@tenon/conformance';
import { Unprocessable } from '@tenon/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { Inbox, messageOf, patienceMs } from './inbox.js';
import { LogLines } from './log-lines.js';
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

  it('against a server that accepts and says nothing is Unavailable, and its sockets are not left open', async () => {
    const silent = await silentServer();
    const check = new LeakCheck();
    const broker = stage.broker({ servers: [silent.address], connectTimeoutMs: 100 });
    await check.run(() => rejectsWith(() => broker.start(never), 'Unavailable'));
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
    await eventually(() => expect([silent.accepted, silent.open]).toEqual([2, 0]), { withinMs: patienceMs });
  });

  it('finds the primary among a replica and a server that does not answer', async () => {
    const primary = await stage.server();
    const replica = await stage.server(['--replicaof', '127.0.0.1', String(primary.port)]);
    const servers = [replica.address, '127.0.0.1:1', primary.address];
    for (let attempt = 0; attempt < 5; attempt++) {
      const broker = stage.broker({ servers });
      await broker.start(never);
      await broker.publish('user.created', messageOf(`m${attempt}`), { delivery: 'atLeastOnce' });
    }
    const alone = stage.broker({ servers: [replica.address] });
    const failure = await rejectsWith(() => alone.start(never), 'Unavailable');
    expect(failure.message).toContain('replica');
  });

  it('on an aborted signal is Canceled, before as after', async () => {
    const silent = await silentServer();
    const check = new LeakCheck();
    const broker = stage.broker({ servers: [silent.address], connectTimeoutMs: 2_000 });
    await rejectsWith(() => broker.start(AbortSignal.abort()), 'Canceled');
    expect(silent.accepted).toBe(0);
    const aborting = new AbortController();
    const starting = check.run(() => rejectsWith(() => broker.start(aborting.signal), 'Canceled'));
    await eventually(() => expect(silent.open).toBe(2), { withinMs: patienceMs });
    aborting.abort();
    await starting;
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
  });

  it('shows who we are, and is Unauthenticated with the wrong password', async () => {
    const server = await stage.server(['--requirepass', 's3cret']);
    const broker = stage.broker({ servers: [server.address], password: 's3cret', db: 3 });
    await broker.start(never);
    await broker.publish('user.created', messageOf('m1'), { delivery: 'atLeastOnce' });
    for (const options of [{}, { password: 'wrong' }, { username: 'ada', password: 'wrong' }]) {
      const refused = stage.broker({ servers: [server.address], ...options });
      const failure = await rejectsWith(() => refused.start(never), 'Unauthenticated');
      expect(failure.message).not.toContain('wrong');
    }
  });

  it('needs no more rights than its README says', async () => {
    const rights =
      '~tenon/* &tenon* +@stream +@sortedset +@set +@hash +@string +@pubsub +@scripting +@connection +exists +del +time +role +info';
    const server = await stage.server(['--user', 'app', 'on', '>s3cret', ...rights.split(' ')]);
    const log = new LogLines();
    const broker = await stage.client(server, { username: 'app', password: 's3cret' }, log);
    const got: string[] = [];
    for (const delivery of ['atMostOnce', 'atLeastOnce'] as const) {
      for (const queue of ['mailer', undefined]) {
        const handle = async (): Promise<void> => {
          got.push(`${delivery} ${queue}`);
          if (delivery === 'atLeastOnce' && queue !== undefined) throw new Unprocessable('never');
        };
        await broker.subscribe('user.created', handle, { delivery, queue });
      }
    }
    await broker.publish('user.created', messageOf('m1'), { delivery: 'atLeastOnce' });
    await eventually(() => expect(got).toHaveLength(4), { withinMs: patienceMs });
    const [letter] = await eventually(
      async () => {
        const letters = await broker.deadLetters.list();
        expect(letters).toHaveLength(1);
        return letters;
      },
      { withinMs: patienceMs },
    );
    await broker.deadLetters.requeue(letter?.id ?? '');
    await eventually(() => expect(got.length).toBeGreaterThan(4), { withinMs: patienceMs });
    await broker.close();
    expect(log.at('warn')).toEqual([]);
    const elsewhere = await stage.client(server, { username: 'app', password: 's3cret', prefix: 'theirs' });
    await rejectsWith(() => elsewhere.publish('user.created', messageOf('m1')), 'PermissionDenied');
    for (const delivery of ['atMostOnce', 'atLeastOnce'] as const)
      await rejectsWith(() => elsewhere.subscribe('user.created', async () => {}, { delivery }), 'PermissionDenied');
  });

  it('refuses a database that is not there, instead of using another', async () => {
    const server = await stage.server(['--databases', '2']);
    const check = new LeakCheck();
    const broker = stage.broker({ servers: [server.address], db: 7 });
    await check.run(() => rejectsWith(() => broker.start(never), 'Unavailable'));
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
  });

  it('talks TLS to whom it can verify, and never in the clear where TLS was asked for', async () => {
    const secure = await stage.server(withTls(await freeTlsPort()));
    const clear = await stage.server();
    const ca = await readFile(file('ca.pem'), 'utf8');
    const address = `rediss://127.0.0.1:${tlsPort}`;
    const broker = stage.broker({ servers: [address], tls: { ca } });
    await broker.start(never);
    const inbox = await Inbox.open(broker, 'user.created');
    await broker.publish('user.created', messageOf('m1'));
    await inbox.has('m1');
    const check = new LeakCheck();
    const unverified = stage.broker({ servers: [address] });
    await check.run(() => rejectsWith(() => unverified.start(never), 'Unavailable'));
    const stripped = stage.broker({ servers: [`rediss://${clear.address}`], tls: { ca } });
    await check.run(() => rejectsWith(() => stripped.start(never), 'Unavailable'));
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
    expect(secure.pid).toBeGreaterThan(0);
  });

  it('doubts in the log that messages outlive a server that does not say so', async () => {
    const log = new LogLines();
    const lax = await stage.server(['--appendfsync', 'everysec']);
    await stage.client(lax, { outlives: 'broker' }, log);
    await eventually(() => expect(log.at('warn', 'may lose messages')).toHaveLength(1), { withinMs: patienceMs });
    const strictLog = new LogLines();
    const strict = await stage.client(await stage.server(), { outlives: 'broker' }, strictLog);
    const inbox = await Inbox.open(strict, 'user.created');
    await strict.publish('user.created', messageOf('m1'));
    await inbox.has('m1');
    expect(strictLog.at('warn')).toEqual([]);
  });
});

describe('closing', () => {
  it('leaves no socket and no timer, with subscriptions and fresh messages', async () => {
    const server = await stage.server();
    const check = new LeakCheck();
    await check.run(async () => {
      const broker = await stage.client(server);
      for (const delivery of ['atMostOnce', 'atLeastOnce'] as const) {
        await broker.subscribe('user.created', async () => {}, { delivery });
        await broker.subscribe('user.created', async () => {}, { delivery, queue: 'mailer' });
        await broker.publish('user.created', messageOf('m1'), { delivery });
      }
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
      expect(broker.trouble?.code).toBe('Unavailable');
      const waiting = rejectsWith(() => broker.publish('user.created', messageOf('m1')), 'Unavailable');
      const subscribing = rejectsWith(() => broker.subscribe('t.y', async () => {}), 'FailedPrecondition');
      const listing = rejectsWith(() => broker.deadLetters.list(), 'FailedPrecondition');
      await broker.close();
      expect((await waiting).executed).toBe('no');
      await subscribing;
      await listing;
    });
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
  });

  it('leaves none either where the server has stopped answering, and says maybe of what was sent', async () => {
    const server = await stage.server();
    const check = new LeakCheck();
    await check.run(async () => {
      const broker = await stage.client(server);
      await broker.subscribe('user.created', async () => {}, { delivery: 'atLeastOnce', queue: 'mailer' });
      server.pause();
      const sent = rejectsWith(() => broker.publish('user.created', messageOf('m1')), 'Unavailable');
      await broker.close();
      expect((await sent).executed).toBe('maybe');
    });
    expect(await check.leaks(patienceMs)).toEqual([]);
    check.stop();
    server.resume();
  });

  it('is not needed for a server that stops answering to be left, and found again', async () => {
    const server = await stage.server();
    const log = new LogLines();
    const broker = await stage.client(server, { pingIntervalMs: 100, reconnect: { baseMs: 20, maxMs: 100 } }, log);
    const inbox = await Inbox.open(broker, 'user.created');
    server.pause();
    await eventually(() => expect(broker.isConnected).toBe(false), { withinMs: patienceMs });
    expect(log.at('warn', 'does not answer')).toHaveLength(1);
    server.resume();
    await eventually(() => expect(broker.isConnected).toBe(true), { withinMs: patienceMs });
    await broker.publish('user.created', messageOf('m1'));
    await inbox.has('m1');
    expect(inbox.ids).toEqual(['m1']);
  });
});

let tlsPort = 0;

async function freeTlsPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  tlsPort = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return tlsPort;
}

/** Beside the port in the clear, by which the server is known to have started. */
function withTls(port: number): readonly string[] {
  const cert = ['--tls-cert-file', file('server.pem'), '--tls-key-file', file('server.key')];
  return ['--tls-port', String(port), ...cert, '--tls-ca-cert-file', file('ca.pem'), '--tls-auth-clients', 'no'];
}

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

/** A key that protects nothing: it belongs to the certificate of this folder, which is valid for loopback alone. */
function file(name: string): string {
  return new URL(`tls/${name}`, import.meta.url).pathname;
}
