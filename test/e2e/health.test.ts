import { connect as connectHttp2 } from 'node:http2';
import { eventually } from '@tenon/conformance';
import {
  type AppOptions,
  type ClientOf,
  createApp,
  Endpoint,
  HealthCheck,
  httpTransport,
  provide,
  Service,
  ServiceError,
  tcpTransport,
} from 'tenon';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestFleet, wires } from './fleet.js';
import { ask } from './raw-http.js';

@Service('worker')
class Worker {
  @Endpoint() ping(): string {
    return 'pong';
  }
}

@Service('clinic', { as: 'Health' })
class Clinic {
  @Endpoint() check(): string {
    return 'as the doctor says';
  }
}

/** A check that fails while it has a reason. */
function database() {
  const state: { failure?: Error } = {};
  const check = provide(HealthCheck, [], () => ({
    name: 'database',
    scope: 'readiness' as const,
    check: async () => {
      if (state.failure !== undefined) throw state.failure;
    },
  }));
  return { state, check };
}

describe.each(wires)('over %s', (wire) => {
  let fleet: TestFleet;
  beforeEach(() => {
    fleet = new TestFleet(wire);
  });
  afterEach(() => fleet.close());

  test('every service answers Health.Check, without what is for operators alone, and Debug.Health', async () => {
    const { state, check } = database();
    const served = await fleet.start({
      services: [Worker],
      modules: [check],
      health: { intervalMs: 100, leaveAfterMs: 60_000 },
    });
    const caller = await fleet.start();
    expect(await caller.call('worker', 'Health.Check', {})).toMatchObject({
      status: 'up',
      live: true,
      ready: true,
      checks: expect.arrayContaining([{ name: 'database', scope: 'readiness', status: 'up' }]),
    });
    expect(await caller.call('worker', 'Debug.Health', {})).toEqual({ status: 'ok' });
    state.failure = new Error('password=secret');
    await eventually(async () => expect((await served.health()).ready).toBe(false), { withinMs: 5_000 });
    const report = await caller.call('worker', 'Health.Check', {});
    expect(report).toMatchObject({ status: 'down', live: true, ready: false });
    expect(JSON.stringify(report)).not.toContain('secret');
    expect(await caller.call('worker', 'Debug.Health', {})).toEqual({ status: 'down' });
    const mistyped = await caller.call('worker', 'Worker.Pong', {}).catch((error: unknown) => ServiceError.from(error));
    expect(mistyped).toMatchObject({ code: 'Unimplemented', rawMessage: expect.not.stringContaining('Health.Check') });
    expect(served.describe().services[0]?.endpoints.map(({ name }) => name)).toEqual(['Worker.Ping']);
  });
});

describe('over plain HTTP', () => {
  const apps: { close(): Promise<void> }[] = [];
  afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

  async function started(options: AppOptions = {}) {
    const app = await createApp({
      services: [Worker],
      profile: 'test',
      log: { level: 'silent' },
      ...options,
      modules: [httpTransport(), ...(options.modules ?? [])],
    });
    apps.push(app);
    await app.start();
    const port = Number(app.address?.listen.split(':')[1]);
    const get = async (path: string, headers = '', method = 'GET') => {
      const {
        status,
        body,
        headers: fields,
      } = await ask(port, `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n`);
      return { status, fields, body: body.length === 0 ? undefined : (JSON.parse(body.toString()) as unknown) };
    };
    return { app, port, get };
  }

  test('three paths tell who is alive, who is ready, and why not', async () => {
    const { state, check } = database();
    const { app, get } = await started({ modules: [check], health: { intervalMs: 100 } });
    expect(await get('/health/live')).toMatchObject({ status: 200, body: { status: 'up', checks: [] } });
    const { status, fields, body } = await get('/health/ready?verbose=1');
    expect([status, fields['content-type'], fields['cache-control']]).toEqual([200, 'application/json', 'no-store']);
    expect(body).toMatchObject({
      status: 'up',
      checks: [{ name: 'database' }, { name: 'event-loop' }, { name: 'drain' }],
    });
    state.failure = new Error('refused');
    await eventually(async () => expect((await app.health()).ready).toBe(false), { withinMs: 5_000 });
    expect(await get('/health/live')).toMatchObject({ status: 200 });
    const failing = { name: 'database', scope: 'readiness', status: 'down' };
    expect(await get('/health/ready')).toMatchObject({
      status: 503,
      body: { status: 'down', checks: expect.arrayContaining([{ ...failing, error: 'refused' }]) },
    });
    expect(await get('/health')).toMatchObject({ status: 503 });
    for (const header of ['X-Forwarded-For: 10.0.0.1', 'Forwarded: for=10.0.0.1', 'Via: 1.1 proxy']) {
      expect((await get('/health', `${header}\r\n`)).body).toMatchObject({ checks: expect.arrayContaining([failing]) });
    }
  });

  test('HEAD has the head alone, and other methods and paths are no probes', async () => {
    const { get } = await started();
    const head = await get('/health/ready', '', 'HEAD');
    expect([head.status, head.body]).toEqual([200, undefined]);
    expect(Number(head.fields['content-length'])).toBeGreaterThan(0);
    expect(await get('/health/else')).toMatchObject({ status: 405 });
    expect(await get('/health', 'Content-Length: 0\r\n', 'POST')).toMatchObject({ status: 404 });
  });

  test('a port that speaks tenon/1 answers them too, and HTTP/2 as HTTP/1.1', async () => {
    const alone = await createApp({
      services: [Worker],
      profile: 'test',
      log: { level: 'silent' },
      modules: [tcpTransport()],
    });
    apps.push(alone);
    await alone.start();
    const port = Number(alone.address?.listen.split(':')[1]);
    expect(await ask(port, 'GET /health/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toMatchObject({
      status: 200,
    });
    const { port: other } = await started();
    const session = connectHttp2(`http://127.0.0.1:${other}`);
    const status = await new Promise((resolve, reject) => {
      session.on('error', reject);
      session
        .request({ ':path': '/health/ready' })
        .on('response', (fields) => resolve(fields[':status']))
        .resume();
    });
    session.destroy();
    expect(status).toBe(200);
  });

  test('a handler that blocks the event loop makes the app not ready until it has kept up for a while', async () => {
    @Service('busy')
    class Busy {
      @Endpoint() block(): string {
        const end = performance.now() + 400;
        while (performance.now() < end);
        return 'done';
      }
    }
    const { app, get } = await started({ services: [Busy], health: { maxLagMs: 100 } });
    expect(await app.client(Busy).block()).toBe('done');
    expect(await get('/health/ready')).toMatchObject({
      status: 503,
      body: { checks: expect.arrayContaining([expect.objectContaining({ name: 'event-loop', status: 'down' })]) },
    });
    await eventually(async () => expect((await get('/health/ready')).status).toBe(200), { withinMs: 20_000 });
  });

  test('a node that drains is not ready, and says so while calls are in hand', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    @Service('slow')
    class Slow {
      @Endpoint() async hold(): Promise<string> {
        await held;
        return 'done';
      }
    }
    const { app, get } = await started({ services: [Slow], drainDelayMs: 60_000 });
    const client: ClientOf<Slow> = app.client(Slow);
    const call = client.hold();
    const drained = app.drain();
    expect(await get('/health/ready')).toMatchObject({
      status: 503,
      body: { checks: expect.arrayContaining([expect.objectContaining({ name: 'drain', status: 'down' })]) },
    });
    expect(await get('/health/live')).toMatchObject({ status: 200 });
    release();
    expect(await call).toBe('done');
    await app.close();
    await drained;
  });
});

test('an endpoint of a service wins over the one that the framework would add', async () => {
  const fleet = new TestFleet('memory');
  await fleet.start({ services: [Clinic] });
  const caller = await fleet.start();
  expect(await caller.call('clinic', 'Health.Check', {})).toBe('as the doctor says');
  await fleet.close();
});
