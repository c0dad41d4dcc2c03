import { MemoryHub, memoryBroker } from '@tenon/broker-memory';
import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import { FakeClock } from '@tenon/testing/fake-clock';
import { RecordingMeter } from '@tenon/testing/recording-meter';
import { afterEach, expect, test } from 'vitest';
import {
  type App,
  type AppOptions,
  Clock,
  createApp,
  Endpoint,
  HealthCheck,
  Logger,
  Meter,
  provide,
  Service,
} from '../src/index.js';

@Service('worker')
class Worker {
  @Endpoint() ping(): string {
    return 'pong';
  }
}

@Service('other')
class Other {
  @Endpoint() ping(): string {
    return 'pong';
  }
}

const apps: App[] = [];
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

/** An app with a check that fails while it has a reason, in a registry and a broker that can be cut off. */
async function made(options: AppOptions = {}) {
  const clock = new FakeClock();
  const store = new MemoryRegistryStore();
  const hub = new MemoryHub();
  const meter = new RecordingMeter();
  const database: { failure?: Error } = {};
  const said: string[] = [];
  const logger: Logger = {
    debug: () => {},
    info: (message) => void said.push(message),
    warn: (message) => void said.push(message),
    error: (message) => void said.push(message),
    child: () => logger,
  };
  const app = await createApp({
    services: [Worker, Other],
    profile: 'test',
    ...options,
    modules: [
      provide(Clock, [], () => clock),
      provide(Logger, [], () => logger),
      provide(Meter, [], () => meter),
      memoryRegistry({ store }),
      memoryBroker({ hub }),
      provide(HealthCheck, [], () => ({
        name: 'database',
        scope: 'readiness' as const,
        check: () => {
          if (database.failure !== undefined) throw database.failure;
        },
      })),
    ],
  });
  apps.push(app);
  return { app, clock, store, hub, meter, database, said };
}

test('all services of a process leave the registry while it is not ready, and return', async () => {
  const { app, clock, store, database, meter } = await made();
  await app.start();
  expect(store.names()).toEqual(['other', 'worker']);
  database.failure = new Error('refused');
  await clock.advance(3_000);
  expect(store.names()).toEqual([]);
  const labels = { check: 'database', scope: 'readiness' };
  expect(meter.newest('tenon.health.check', labels)).toBe(0);
  delete database.failure;
  await clock.advance(3_000);
  expect(store.names()).toEqual(['other', 'worker']);
  expect(meter.newest('tenon.health.check', labels)).toBe(1);
});

test('an app that is not ready when it starts is waited for, said once, and registered when it is', async () => {
  const { app, clock, store, database, said } = await made();
  database.failure = new Error('refused');
  const starting = app.start();
  await clock.advance(45_000);
  expect(store.names()).toEqual([]);
  expect(said.filter((line) => line.startsWith('not ready yet'))).toHaveLength(1);
  // It listens, so that whoever watches it can tell waiting from being dead.
  expect(app.address).toBeDefined();
  delete database.failure;
  await clock.advance(30_000);
  await starting;
  expect(store.names()).toEqual(['other', 'worker']);
});

test('with failFast it fails at once, and names the check', async () => {
  const { app, database } = await made({ failFast: true });
  database.failure = new Error('refused');
  await expect(app.start()).rejects.toMatchObject({
    code: 'Unavailable',
    executed: 'no',
    rawMessage: 'starting registration failed: not ready (database: refused)',
  });
});

test('an app that is closed while it waits to be ready leaves nothing behind', async () => {
  const { app, clock, store, database } = await made();
  database.failure = new Error('refused');
  const starting = app.start().catch((error: unknown) => error);
  await clock.advance(5_000);
  await app.close();
  expect(await starting).toMatchObject({ code: 'Canceled' });
  expect([store.names(), clock.pending]).toEqual([[], 0]);
});

test('registry and broker that are cut off are shown, and gate nothing', async () => {
  const { app, clock, store, hub } = await made();
  await app.start();
  store.cut();
  hub.cut();
  await clock.advance(5_000);
  const { ready, checks } = await app.health();
  const down = checks.filter(({ status }) => status === 'down').map(({ name, error }) => `${name}: ${error}`);
  expect([ready, down]).toEqual([
    true,
    ['registry: the memory registry is cut off from its store', 'broker: the memory broker is cut off from its hub'],
  ]);
  store.heal();
  hub.heal();
  expect((await app.health()).checks.every(({ status }) => status === 'up')).toBe(true);
});

test('a broker on which readiness depends takes the node out of the registry', async () => {
  const { app, clock, store, hub } = await made({ health: { broker: 'readiness' } });
  await app.start();
  hub.cut();
  await clock.advance(3_000);
  expect(store.names()).toEqual([]);
  hub.heal();
  await clock.advance(3_000);
  expect(store.names()).toEqual(['other', 'worker']);
});

test('health checks and meters are seams like any other', async () => {
  const { app } = await made();
  expect(Object.keys(app.describe().providers)).toEqual(expect.arrayContaining(['HealthCheck', 'Meter']));
  const plain = await createApp({ services: [Worker], profile: 'test' });
  apps.push(plain);
  plain.get(Meter).counter({ name: 'a', unit: '1', description: '' }).add(1);
});

test('options of health are checked by their names', async () => {
  await expect(createApp({ profile: 'test', health: { maxLagMs: 1 } })).rejects.toMatchObject({
    code: 'InvalidArgument',
    rawMessage: 'health.maxLagMs is 1; it must be a whole number from 10 to 3600000',
  });
});
