import { FakeClock } from '@tenon/testing/fake-clock';
import { expect, test, vi } from 'vitest';
import {
  type App,
  Broker,
  Clock,
  createApp,
  Endpoint,
  type Lifecycle,
  Logger,
  memoryBroker,
  memoryRegistry,
  OnStart,
  OnStop,
  provide,
  Registry,
  Service,
  ServiceError,
  wrapped,
} from '../src/index.js';

@Service('worker')
class Worker {
  @Endpoint() ping(): string {
    return 'pong';
  }
}

/** A back end that comes up when it is told to, and writes down what is asked of it. */
class Flaky {
  available = false;
  readonly asked: string[] = [];

  around<T extends Broker | Registry>(name: string, inner: T): T & Lifecycle {
    return new Proxy(inner, {
      get: (target, property) => {
        if (property === 'start') {
          return async () => {
            this.asked.push(`start ${name}`);
            if (!this.available) throw new ServiceError('Unavailable', `${name} does not answer`, { executed: 'no' });
          };
        }
        if (property === 'close') {
          return async () => {
            this.asked.push(`close ${name}`);
            await target.close();
          };
        }
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }) as T & Lifecycle;
  }
}

interface Setting {
  readonly app: App;
  readonly flaky: Flaky;
  readonly clock: FakeClock;
  readonly said: string[];
}

async function setting(options: { readonly failFast?: boolean } = {}): Promise<Setting> {
  const flaky = new Flaky();
  const clock = new FakeClock();
  const said: string[] = [];
  const quiet = (): void => {};
  const logger: Logger = {
    debug: quiet,
    info: quiet,
    warn: (message) => void said.push(message),
    error: quiet,
    child: () => logger,
  };
  const app = await createApp({
    services: [Worker],
    profile: 'test',
    ...options,
    modules: [
      provide(Clock, [], () => clock),
      provide(Logger, [], () => logger),
      wrapped(memoryRegistry(), (inner) => flaky.around('registry', inner)),
      wrapped(memoryBroker(), (inner) => flaky.around('broker', inner)),
    ],
  });
  return { app, flaky, clock, said };
}

test('an absent back end is waited for, said at once and then once a minute, and the app serves when it appears', async () => {
  const { app, flaky, clock, said } = await setting();
  const starting = app.start();
  await clock.advance(1_000);
  expect(said).toHaveLength(2);
  expect(said[0]).toMatch(/is not there yet; starting waits for it/);
  await clock.advance(50_000);
  expect(said).toHaveLength(2);
  await clock.advance(40_000);
  expect(said).toHaveLength(4);
  expect(flaky.asked.length).toBeLessThan(60);
  flaky.available = true;
  await clock.advance(20_000);
  await starting;
  expect(await app.client(Worker).ping()).toBe('pong');
  await app.close();
  expect(clock.pending).toBe(0);
});

test('failFast ends with a clear error and leaves nothing behind', async () => {
  const { app, flaky, clock } = await setting({ failFast: true });
  await expect(app.start()).rejects.toMatchObject({
    code: 'Unavailable',
    rawMessage: expect.stringMatching(/^starting .* failed: registry does not answer/),
  });
  expect(flaky.asked).toContain('close registry');
  expect(clock.pending).toBe(0);
});

test('closing while it starts ends the start and leaves nothing behind', async () => {
  const { app, clock } = await setting();
  const starting = app.start();
  const ended = expect(starting).rejects.toMatchObject({ code: 'Canceled' });
  await clock.advance(5_000);
  await app.close();
  await ended;
  expect(clock.pending).toBe(0);
});

test('providers start before what needs them and close after it', async () => {
  const { app, flaky } = await setting();
  flaky.available = true;
  await app.start();
  await app.close();
  const starts = flaky.asked.filter((line) => line.startsWith('start'));
  const closes = flaky.asked.filter((line) => line.startsWith('close'));
  expect(closes.map((line) => line.slice(6))).toEqual(starts.map((line) => line.slice(6)).reverse());
});

test('a hook that fails stops the start, names the class, and closes what had started', async () => {
  const stopped = vi.fn();
  @Service('broken')
  class Broken {
    @OnStart() async load(): Promise<void> {
      throw new Error('no table');
    }
    @OnStop() stop(): void {
      stopped();
    }
  }
  const app = await createApp({ services: [Broken], profile: 'test', log: { level: 'silent' } });
  await expect(app.start()).rejects.toThrow(/starting Broken failed: no table/);
  await expect(app.start()).rejects.toMatchObject({ code: 'FailedPrecondition' });
  await app.close();
  expect(stopped).not.toHaveBeenCalled();
});

test('a hook that never ends is cut off by its deadline', async () => {
  const clock = new FakeClock();
  @Service('stuck')
  class Stuck {
    @OnStart() load(): Promise<void> {
      return new Promise(() => {});
    }
  }
  const app = await createApp({
    services: [Stuck],
    profile: 'test',
    log: { level: 'silent' },
    startTimeoutMs: 500,
    modules: [provide(Clock, [], () => clock)],
  });
  const failed = expect(app.start()).rejects.toMatchObject({
    code: 'DeadlineExceeded',
    rawMessage: expect.stringContaining('starting Stuck'),
  });
  await clock.advance(600);
  await failed;
});

test('an app that was never started closes', async () => {
  const app = await createApp({ services: [Worker], profile: 'test', log: { level: 'silent' } });
  await app.close();
  await expect(app.start()).rejects.toMatchObject({ code: 'FailedPrecondition' });
});

test('draining finishes the call in hand and refuses new ones', async () => {
  let finish: () => void = () => {};
  @Service('slow')
  class Slow {
    @Endpoint() async work(): Promise<string> {
      await new Promise<void>((resolve) => (finish = resolve));
      return 'done';
    }
  }
  const app = await createApp({ services: [Slow], profile: 'test', log: { level: 'silent' } });
  await app.start();
  const call = app.client(Slow).work();
  await vi.waitFor(() => expect(finish).not.toBe(undefined));
  await new Promise((resolve) => setImmediate(resolve));
  const draining = app.drain();
  await new Promise((resolve) => setImmediate(resolve));
  await expect(app.client(Slow).work()).rejects.toMatchObject({ code: 'Unavailable', executed: 'no' });
  finish();
  expect(await call).toBe('done');
  await draining;
});

test('what does not finish in time is cancelled, and its caller told', async () => {
  const clock = new FakeClock();
  @Service('endless')
  class Endless {
    @Endpoint() work(): Promise<string> {
      return new Promise(() => {});
    }
  }
  const app = await createApp({
    services: [Endless],
    profile: 'test',
    log: { level: 'silent' },
    drainTimeoutMs: 1_000,
    modules: [provide(Clock, [], () => clock)],
  });
  await app.start();
  const failed = expect(app.client(Endless).work()).rejects.toMatchObject({ code: 'Unavailable' });
  await clock.advance(10);
  const draining = app.drain();
  await clock.advance(2_000);
  await failed;
  await draining;
  expect(clock.pending).toBe(0);
});

test('closing while it drains ends the draining', async () => {
  @Service('endless')
  class Endless {
    @Endpoint() work(): Promise<string> {
      return new Promise(() => {});
    }
  }
  const app = await createApp({ services: [Endless], profile: 'test', log: { level: 'silent' } });
  await app.start();
  const failed = expect(app.client(Endless).work()).rejects.toMatchObject({ code: 'Unavailable' });
  await new Promise((resolve) => setImmediate(resolve));
  const draining = app.drain();
  await app.close();
  await Promise.all([draining, failed]);
});

test('what began is ended once, also where the app is closed or a later part fails to start', async () => {
  const told: string[] = [];
  @Service('resource')
  class Resource {
    @OnStart() open(): void {
      told.push('open');
    }
    @OnStop() release(signal: AbortSignal): void {
      told.push(`release ${signal.aborted ? 'at once' : 'gently'}`);
    }
  }
  @Service('later')
  class Later {
    @OnStart() open(): void {
      throw new Error('no table');
    }
  }
  const start = async (...services: (typeof Resource | typeof Later)[]): Promise<App> => {
    const app = await createApp({ services, profile: 'test', log: { level: 'silent' } });
    await app.start();
    return app;
  };
  await (await start(Resource)).drain();
  await (await start(Resource)).close();
  await expect(start(Resource, Later)).rejects.toThrow(/no table/);
  expect(told).toEqual(['open', 'release gently', 'open', 'release at once', 'open', 'release at once']);
});
