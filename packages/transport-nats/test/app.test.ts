import { Svcm } from '@nats-io/services';
import { eventually } from '@tenon/conformance';
import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import { IsString, MaxLength } from 'class-validator';
import { type App, type AppOptions, createApp, Endpoint, Service } from 'tenon';
import { afterEach, expect, test } from 'vitest';
import { natsTransport } from '../src/index.js';
import { brisk } from './fixture.js';
import { Stage } from './stage.js';

class HelloRequest {
  @IsString()
  @MaxLength(20)
  name!: string;
}

class Tick {
  @IsString()
  at!: string;
}

@Service('greeter', { version: '1.2.0' })
class Greeter {
  @Endpoint({ idempotent: true })
  async hello(request: HelloRequest): Promise<Tick> {
    return { at: `hello ${request.name}` };
  }

  @Endpoint({ stream: 'server', response: Tick })
  async *ticks(request: HelloRequest): AsyncIterable<Tick> {
    for (let turn = 0; turn < 5; turn += 1) yield { at: `${request.name} ${turn}` };
  }
}

const stage = new Stage();

afterEach(() => stage.end());

test('apps find each other by any registry and call over NATS, beside transports with an address of their own', async () => {
  const server = await stage.server();
  const store = new MemoryRegistryStore();
  const started = async (options: AppOptions): Promise<App> => {
    const modules = [memoryRegistry({ store }), natsTransport({ servers: [server.address], ...brisk })];
    const app = await createApp({ profile: 'test', log: { level: 'error' }, ...options, modules });
    stage.onEnd(() => app.close());
    await app.start();
    return app;
  };
  const first = await started({ services: [Greeter] });
  await started({ services: [Greeter] });
  const caller = await started({});
  const greeter = caller.client(Greeter);
  for (let turn = 0; turn < 10; turn += 1) expect(await greeter.hello({ name: 'Ada' })).toEqual({ at: 'hello Ada' });
  const ticks: unknown[] = [];
  for await (const tick of greeter.ticks({ name: 'Zoë' })) ticks.push(tick.at);
  expect(ticks).toEqual([0, 1, 2, 3, 4].map((turn) => `Zoë ${turn}`));
  await expect(greeter.hello({ name: 'x'.repeat(21) })).rejects.toMatchObject({ code: 'InvalidArgument' });

  const stranger = await stage.stranger(server);
  const client = new Svcm(stranger as unknown as ConstructorParameters<typeof Svcm>[0]).client();
  const infos = [];
  for await (const info of await client.info('greeter')) infos.push(info);
  expect(infos).toHaveLength(2);
  const hello = infos[0]?.endpoints.find(({ name }) => name === 'Greeter-Hello');
  expect(JSON.parse(hello?.metadata?.['request-schema'] ?? '')).toMatchObject({
    type: 'object',
    properties: { name: { type: 'string', maxLength: 20 } },
  });
  let requests = 0;
  for await (const stats of await client.stats('greeter'))
    for (const endpoint of stats.endpoints ?? []) requests += endpoint.num_requests;
  // All of them: none went over memory.
  expect(requests).toBe(12);
  const answer = await stranger.request(hello?.subject ?? '', '{"name":"Grace"}', { timeout: 10_000 });
  expect(answer.json()).toEqual({ at: 'hello Grace' });
  const refused = await stranger.request(hello?.subject ?? '', '{"name":7}', { timeout: 10_000 });
  expect(refused.headers?.get('Nats-Service-Error-Code')).toBe('400');

  const calls = Array.from({ length: 50 }, () => greeter.hello({ name: 'Bo' }));
  await first.drain();
  await Promise.all(calls);
  await eventually(async () => expect(await greeter.hello({ name: 'Bo' })).toEqual({ at: 'hello Bo' }), {
    withinMs: 10_000,
  });
});
