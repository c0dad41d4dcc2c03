import { createApp, Endpoint, memoryTransport, Service, ServiceError, wrapped } from 'tenon';

@Service('probe')
class Probe {
  @Endpoint() ask(): void {}
}

/** How many attempts a client makes of a call whose every attempt fails with an error, where it may make two. */
export async function attemptsOnFailure(error: ServiceError, idempotent: boolean): Promise<number> {
  let attempts = 0;
  const failing = wrapped(memoryTransport(), (inner) => ({
    name: inner.name,
    kinds: inner.kinds,
    reaches: (node) => inner.reaches(node),
    listen: (port, handler) => inner.listen(port, handler),
    dial: async () => ({
      unary: async () => {
        attempts += 1;
        throw error;
      },
      stream: () => Promise.reject(error),
      drain: async () => {},
      close: async () => {},
    }),
  }));
  const app = await createApp({
    services: [Probe],
    profile: 'test',
    client: { local: 'off' },
    log: { level: 'silent' },
    modules: [failing],
  });
  await app.start();
  try {
    await app.call('probe', 'Probe.Ask', {}, { idempotent, maxAttempts: 2 });
  } catch (thrown) {
    if (ServiceError.from(thrown).code !== error.code) throw thrown;
  } finally {
    await app.close();
  }
  return attempts;
}
