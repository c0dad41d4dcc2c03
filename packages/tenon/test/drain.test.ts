import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import { FakeClock } from '@tenon/testing/fake-clock';
import { RecordingMeter } from '@tenon/testing/recording-meter';
import { expect, test } from 'vitest';
import {
  type App,
  Clock,
  createApp,
  Endpoint,
  Injectable,
  Meter,
  OnDrain,
  OnStop,
  provide,
  type Registry,
  Service,
  ServiceError,
  wrapped,
} from '../src/index.js';

/** What happens while an app leaves, in order. */
class Journal {
  readonly steps: string[] = [];
  open = (): void => {};
  readonly gate = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

@Injectable()
class Pool {
  constructor(private readonly journal: Journal) {}

  @OnDrain('finished') release(): void {
    this.journal.steps.push('finished');
  }
}

@Service('orders')
class Orders {
  constructor(
    readonly journal: Journal,
    readonly pool: Pool,
  ) {}

  @Endpoint() async hold(): Promise<string> {
    await this.journal.gate;
    this.journal.steps.push('handler');
    return 'done';
  }

  @OnDrain('notReady') first(): void {
    this.journal.steps.push('notReady');
  }

  @OnDrain('deregistered') second(): void {
    this.journal.steps.push('deregistered');
    throw new Error('a hook that fails');
  }

  @OnDrain('peersTold') third(): void {
    this.journal.steps.push('peersTold');
    this.journal.open();
  }

  @OnStop() last(): void {
    this.journal.steps.push('stopped');
  }
}

/** Takes entries, and never lets one go. */
const hangingRegistry = (inner: Registry): Registry => ({
  capabilities: inner.capabilities,
  register: async (record, options) => {
    await inner.register(record, options);
    return { state: 'held', onChange: () => () => {}, release: () => new Promise(() => {}) };
  },
  lookup: (name, options) => inner.lookup(name, options),
  list: (options) => inner.list(options),
  watch: (name, options) => inner.watch(name, options),
  close: () => inner.close(),
});

async function started(options: { drainDelayMs?: number } = {}, around = (registry: Registry): Registry => registry) {
  const journal = new Journal();
  const clock = new FakeClock();
  const meter = new RecordingMeter();
  const store = new MemoryRegistryStore();
  const app: App = await createApp({
    services: [Orders],
    profile: 'test',
    log: { level: 'silent' },
    client: { local: 'off' },
    ...options,
    modules: [
      provide(Journal, [], () => journal),
      provide(Clock, [], () => clock),
      provide(Meter, [], () => meter),
      wrapped(memoryRegistry({ store }), around),
    ],
  });
  await app.start();
  return { app, journal, clock, meter, store };
}

test('the hooks of a drain run between its steps, whatever one of them does', async () => {
  const { app, journal, clock, meter } = await started();
  const call = app.call('orders', 'Orders.Hold');
  await clock.advance(0);
  await app.drain();
  expect(await call).toBe('done');
  expect(journal.steps).toEqual(['notReady', 'deregistered', 'peersTold', 'handler', 'finished', 'stopped']);
  const steps = ['notReady', 'deregistered', 'peersTold', 'finished'].map((step) => ({ step }));
  expect(meter.series('tenon.server.drain_duration')).toEqual(steps);
  expect(clock.pending).toBe(0);
});

test('drainDelayMs goes by between not being ready and leaving the registry, and calls are served meanwhile', async () => {
  const { app, journal, clock, store } = await started({ drainDelayMs: 5_000 });
  journal.open();
  const draining = app.drain();
  await clock.advance(4_999);
  expect(journal.steps).toEqual(['notReady']);
  expect((await app.health()).ready).toBe(false);
  expect(store.names()).toEqual(['orders']);
  expect(await app.call('orders', 'Orders.Hold')).toBe('done');
  await clock.advance(1);
  await draining;
  expect(store.names()).toEqual([]);
});

test('a registry that does not answer holds a drain up for 2 s', async () => {
  const { app, journal, clock } = await started({}, hangingRegistry);
  journal.open();
  const drained = app.drain();
  await clock.advance(1_999);
  expect(journal.steps).toEqual(['notReady']);
  await clock.advance(1);
  await drained;
  expect(journal.steps.at(-1)).toBe('stopped');
});

test('a moment that does not exist is refused when the app is made', async () => {
  class Wrong {
    flush(): void {}
  }
  OnDrain('gone' as 'finished')(
    Wrong.prototype,
    'flush',
    Object.getOwnPropertyDescriptor(Wrong.prototype, 'flush') ?? {},
  );
  Injectable()(Wrong);
  @Service('user')
  class User {
    constructor(readonly wrong: Wrong) {}
    @Endpoint() ping(): string {
      return 'pong';
    }
  }
  const error = ServiceError.from(
    await createApp({ services: [User], profile: 'test' }).catch((thrown: unknown) => thrown),
  );
  expect(error).toMatchObject({
    code: 'InvalidArgument',
    rawMessage: expect.stringMatching(/^Wrong\.flush: .*"gone"/),
  });
});
