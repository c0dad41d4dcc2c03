import { httpTransport } from '@tenon/transport-http';
import { anything, createApp, Endpoint, Service } from 'tenon';
import { expect, test } from 'vitest';

@Service('greeter')
class Greeter {
  @Endpoint({ request: anything })
  hello(): { greeting: string } {
    return { greeting: 'Hello' };
  }
}

test('peers over HTTP are told for how long they may keep a connection', async () => {
  const app = await createApp({
    services: [Greeter],
    modules: [httpTransport()],
    profile: 'test',
    server: { idleConnectionMs: 7_000 },
    log: { level: 'silent' },
  });
  await using _ = { [Symbol.asyncDispose]: () => app.close() };
  await app.start();
  const reply = await fetch(`http://${app.address?.listen}/greeter/Greeter.Hello`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect([reply.status, reply.headers.get('keep-alive')]).toEqual([200, 'timeout=7']);
});
