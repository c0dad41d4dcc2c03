import { eventually } from '@tenon/conformance';
import { createApp, Endpoint, etcdRegistry, natsBroker, Service } from 'tenon';
import { expect, test } from 'vitest';
import { BackEnd } from './back-end.js';

@Service('watched')
class Watched {
  @Endpoint() ping(): string {
    return 'pong';
  }
}

const bound = { withinMs: 20_000 };

test('etcd and NATS that die and come back are seen by health, and the app is ready all the time', async () => {
  await using etcd = await BackEnd.started('etcd');
  await using nats = await BackEnd.started('nats-server');
  const app = await createApp({
    services: [Watched],
    profile: 'test',
    log: { level: 'silent' },
    server: { ttlMs: 2_000 },
    modules: [etcdRegistry({ endpoints: [etcd.address] }), natsBroker({ servers: [nats.address] })],
  });
  await app.start();
  try {
    const backEnds = async (): Promise<unknown> => {
      const { ready, checks } = await app.health();
      const status = (name: string): unknown => checks.find((check) => check.name === name)?.status;
      return { ready, registry: status('registry'), broker: status('broker') };
    };
    await eventually(
      async () => expect(await backEnds()).toEqual({ ready: true, registry: 'up', broker: 'up' }),
      bound,
    );
    await Promise.all([etcd.kill(), nats.kill()]);
    const away = { ready: true, registry: 'down', broker: 'down' };
    await eventually(async () => expect(await backEnds()).toEqual(away), bound);
    await Promise.all([etcd.start(), nats.start()]);
    await eventually(
      async () => expect(await backEnds()).toEqual({ ready: true, registry: 'up', broker: 'up' }),
      bound,
    );
  } finally {
    await app.close();
  }
});
