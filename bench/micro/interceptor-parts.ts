import { type App, createApp, Interceptor, type Module, provide } from 'tenon';
import { callOptions } from '../contestants/tenon/counted.js';
import { Echo, EchoHandlers } from '../contestants/tenon/echo.js';
import { handlers } from '../workload/handlers.js';
import { requests } from '../workload/payloads.js';
import { awaited, type Part } from './part.js';

/** A whole local call without interceptors, and what five of each form add to it. */
export async function interceptorParts(): Promise<{
  readonly parts: readonly Part[];
  readonly close: () => Promise<void>;
}> {
  const apps: App[] = [];
  const local = async (name: string, modules: readonly Module[]): Promise<Part> => {
    const app = await createApp({
      profile: 'test',
      services: [Echo],
      modules: [provide(EchoHandlers, [], () => handlers), ...modules],
      log: { level: 'error' },
    });
    await app.start();
    apps.push(app);
    const echo = app.client(Echo);
    return awaited('local call', name, () => echo.small(requests.small, callOptions));
  };
  const parts = [
    await local('no interceptor', []),
    await local(
      '5 that return next(call)',
      five((call, next) => next(call)),
    ),
    await local(
      '5 that await next(call)',
      five(async (call, next) => await next(call)),
    ),
  ];
  const close = async (): Promise<void> => {
    for (const app of apps) await app.close();
  };
  return { parts, close };
}

function five(intercept: Interceptor['intercept']): readonly Module[] {
  return Array.from({ length: 5 }, (_, index) =>
    provide(Interceptor, [], (): Interceptor => ({ name: `pass-${index}`, places: ['server'], intercept })),
  );
}
