import { type App, type AppOptions, Clock, createApp, provide } from 'tenon';
import type { MockService } from './mock-service.js';

export interface TestAppOptions extends Omit<AppOptions, 'profile'> {
  /** Stand-ins for the services that the tested ones call. */
  readonly mocks?: readonly MockService[];
  /** The time that everything in the app reads, such as a `FakeClock`. Default: real time. */
  readonly clock?: Clock;
}

/**
 * A started app over memory: the real client, server, codecs and validation, no server and no socket. Close it after the
 * test, or declare it with `await using`.
 *
 * `modules` override whatever the app would bind: that is how a test replaces a provider.
 *
 * @example
 * await using app = await createTestApp({ services: [Front], mocks: [mockService(Greeter, { hello: async () => ({ greeting: 'hi' }) })] });
 * expect(await app.client(Front).welcome({ name: 'Ada' })).toEqual({ text: 'hi' });
 */
export async function createTestApp({ mocks = [], clock, ...options }: TestAppOptions = {}): Promise<App> {
  const app = await createApp({
    log: { level: 'warn' },
    ...options,
    profile: 'test',
    services: [...(options.services ?? []), ...mocks.map((mock) => mock.serviceClass)],
    modules: [...(clock === undefined ? [] : [provide(Clock, [], () => clock)]), ...(options.modules ?? [])],
  });
  await app.start();
  return app;
}
