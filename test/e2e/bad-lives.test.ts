import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { consoleLogger, createApp, httpTransport } from 'tenon';
import { afterEach, expect, test, vi } from 'vitest';
import { BackEnd } from './back-end.js';
import { Desk } from './desk.js';
import { TestFleet } from './fleet.js';
import { leavingNothing } from './leaving-nothing.js';
import { post } from './raw-http.js';

// An app that cannot start, or is started and stopped at the wrong time: a typed error, and nothing is left behind.

const overHttp = (listen = '127.0.0.1:0') =>
  createApp({
    services: [Desk],
    profile: 'test',
    log: { level: 'silent' },
    server: { listen },
    modules: [httpTransport()],
  });

afterEach(() => {
  vi.unstubAllEnvs();
});

test('a port in use: the error names address and mend, and whoever has the port keeps it', () =>
  leavingNothing(async () => {
    const holder = createServer((socket) => void socket.end('mine'));
    holder.listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const app = await overHttp(`127.0.0.1:${port}`);
    await expect(app.start()).rejects.toMatchObject({
      code: 'FailedPrecondition',
      executed: 'no',
      rawMessage: expect.stringMatching(
        new RegExp(`starting CallServer failed: cannot listen on 127\\.0\\.0\\.1:${port}: .*choose another port`),
      ),
    });
    expect(app.address).toBeUndefined();
    await app.close();
    expect(holder.listening).toBe(true);
    await new Promise((resolve) => holder.close(resolve));
  }));

test('two apps on one port: the second fails, the first goes on, and the port is free after it', () =>
  leavingNothing(async () => {
    const first = await overHttp();
    await first.start();
    const listen = first.address?.listen ?? '';
    const second = await overHttp(listen);
    await expect(second.start()).rejects.toMatchObject({
      code: 'FailedPrecondition',
      rawMessage: expect.stringContaining(listen),
    });
    const port = Number(listen.split(':')[1]);
    expect((await post(port, '/desk/Desk.Greet', '{"name":"Ada"}')).status).toBe(200);
    await first.close();
    const third = await overHttp(listen);
    await third.start();
    expect((await post(port, '/desk/Desk.Greet', '{"name":"Ada"}')).status).toBe(200);
    await third.close();
  }));

test('an app started twice, at once and later: the second start fails, the app serves', () =>
  leavingNothing(async () => {
    const app = await overHttp();
    const [first, second] = await Promise.allSettled([app.start(), app.start()]);
    expect(first.status).toBe('fulfilled');
    const refused = {
      code: 'FailedPrecondition',
      executed: 'no',
      rawMessage: expect.stringMatching(/the app is (starting|started) already.*createApp\(\)/),
    };
    expect(second).toMatchObject({ status: 'rejected', reason: refused });
    await expect(app.start()).rejects.toMatchObject(refused);
    await expect(app.run()).rejects.toMatchObject(refused);
    const port = Number(app.address?.listen.split(':')[1]);
    expect((await post(port, '/desk/Desk.Greet', '{"name":"Ada"}')).status).toBe(200);
    await app.close();
    await expect(app.start()).rejects.toMatchObject({ code: 'FailedPrecondition' });
  }));

test('an app closed and drained many times, at once and later, closes once', () =>
  leavingNothing(async () => {
    const app = await overHttp();
    await app.start();
    const port = Number(app.address?.listen.split(':')[1]);
    await Promise.all([app.close(), app.drain(), app.close(), app[Symbol.asyncDispose]()]);
    await app.close();
    await app.drain();
    await expect(post(port, '/desk/Desk.Greet', '{}')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(app.client(Desk).greet({ name: 'Ada' })).rejects.toMatchObject({
      code: 'FailedPrecondition',
      executed: 'no',
    });
  }));

test('an app that only calls leaves nothing behind while the server that it called stays', async () => {
  const fleet = new TestFleet('http');
  try {
    await fleet.start({ services: [Desk] });
    for (const end of ['close', 'drain'] as const) {
      await leavingNothing(async () => {
        const caller = await fleet.start();
        const names = Array.from({ length: 20 }, (_, index) => `guest ${index}`);
        await Promise.all(names.map((name) => caller.client(Desk).greet({ name })));
        await caller[end]();
      });
    }
  } finally {
    await fleet.close();
  }
});

test('an app closed at any moment of its start ends, whether it had started by then or not', () =>
  leavingNothing(async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const app = await overHttp();
      const starting = app.start().then(
        () => 'started',
        (error: unknown) => error,
      );
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      await app.close();
      const outcome = await starting;
      if (outcome !== 'started') {
        expect(outcome, `${turns} turns`).toMatchObject({
          code: 'Canceled',
          executed: 'no',
          rawMessage: 'the app was closed while it started',
        });
      }
      await expect(app.start()).rejects.toMatchObject({ code: 'FailedPrecondition' });
    }
  }));

test.each([
  ['absent', () => BackEnd.absent('etcd')],
  ['there', () => BackEnd.started('etcd')],
])('an app closed while it waits for its back ends, with NATS absent and etcd %s', async (_where, etcdServer) => {
  await using etcd = await etcdServer();
  await using nats = await BackEnd.absent('nats-server');
  vi.stubEnv('TENON_ETCD', etcd.address);
  vi.stubEnv('TENON_NATS', nats.address);
  await leavingNothing(async () => {
    const waits: string[] = [];
    const app = await createApp({
      services: [Desk],
      profile: 'standard',
      modules: [consoleLogger({ level: 'warn', write: (line) => waits.push(line) })],
    });
    const started = app.start().catch((error: unknown) => error);
    await expect.poll(() => waits.length, { timeout: 10_000 }).toBeGreaterThan(0);
    await app.close();
    expect(await started).toMatchObject({ code: 'Canceled', executed: 'no' });
  });
});
