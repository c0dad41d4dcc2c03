import { afterEach, expect, test } from 'vitest';
import { type App, type AppOptions, createApp, type ServiceError } from '../src/index.js';
import { Greeter, Visits } from './greeter.js';

const apps: App[] = [];

async function started(options: AppOptions = {}): Promise<App> {
  const app = await createApp({ services: [Greeter], profile: 'test', log: { level: 'silent' }, ...options });
  apps.push(app);
  await app.start();
  return app;
}

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

const failure = (call: Promise<unknown>): Promise<ServiceError> =>
  call.then(
    () => expect.fail('it succeeded'),
    (error) => error,
  );

test('a typed client calls the class, which gets an instance of its request class', async () => {
  const app = await started();
  let visits: string | undefined;
  const reply = await app
    .client(Greeter)
    .hello({ name: 'Ada' }, { onReply: (metadata) => (visits = metadata['x-visits']) });
  expect(reply).toEqual({ greeting: 'Hello Ada, a HelloRequest' });
  expect(visits).toBe('1');
});

test('an event reaches its subscriber', async () => {
  const app = await started();
  await app.client(Greeter).hello({ name: 'Ada' });
  await expect.poll(() => app.get(Visits).greeted).toEqual(['Ada']);
});

test('a request that breaks a rule is refused before the handler, with field, rule and value type', async () => {
  const app = await started();
  const error = await failure(app.client(Greeter).hello({ name: '' }));
  expect(error).toMatchObject({
    code: 'InvalidArgument',
    executed: 'no',
    service: 'greeter',
    endpoint: 'Greeter.Hello',
  });
  expect(error.details).toMatchObject({ violations: [{ field: 'name', rule: 'isLength', valueType: 'string' }] });
  expect(app.get(Visits).count).toBe(0);
});

test('a ServiceError of a handler arrives whole, anything else as Internal without its text', async () => {
  const app = await started();
  const greeter = app.client(Greeter);
  expect(await failure(greeter.fail({ name: 'typed' }))).toMatchObject({
    code: 'NotFound',
    details: { name: 'typed' },
    executed: 'yes',
  });
  for (const name of ['text', 'error']) {
    const error = await failure(greeter.fail({ name }));
    expect(error).toMatchObject({ code: 'Internal', executed: 'yes', correlationId: expect.any(String) });
    expect(JSON.stringify(error)).not.toContain('secret');
  }
});

test('an endpoint without a parameter is called without a request, and by name', async () => {
  const app = await started();
  expect(await app.client(Greeter).ping()).toBe('pong');
  expect(await app.call('greeter', 'Greeter.Ping')).toBe('pong');
});

test('hooks run around the life of the app', async () => {
  const app = await started();
  const visits = app.get(Visits);
  expect(visits.log).toEqual(['start']);
  await app.drain();
  expect(visits.log).toEqual(['start', 'stop']);
});

test('an app starts once and closes as often as one likes', async () => {
  const app = await started();
  expect(await failure(app.start())).toMatchObject({ code: 'FailedPrecondition' });
  await Promise.all([app.close(), app.drain(), app.close()]);
  expect(await failure(app.client(Greeter).ping())).toMatchObject({ code: 'FailedPrecondition' });
});
