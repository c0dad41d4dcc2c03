import { eventually, freePort, recordOf } from '@tenon/conformance';
import type { Registry } from '@tenon/contract';
import { afterEach, expect, it } from 'vitest';
import { Stage } from './stage.js';

let stage = new Stage();

afterEach(async () => {
  await stage.end();
  stage = new Stage();
});

it('cut in two, each side registers and finds its own, serves the other’s for their time to live, and both are one after healing', async () => {
  const routePort = await freePort();
  const first = await stage.server({ config: cluster('first', `listen: "127.0.0.1:${routePort}"`) });
  const route = await stage.proxy(routePort);
  const second = await stage.server({
    config: cluster('second', `listen: "127.0.0.1:-1", routes: ["nats-route://${route.endpoint}"]`),
  });
  const [here, there] = [stage.client({ servers: [first.address] }), stage.client({ servers: [second.address] })];
  expect(here.capabilities.consistency).toEqual({
    register: { level: 'eventual', whenCutOff: 'answers' },
    lookup: { level: 'eventual', whenCutOff: 'answers' },
    cachedCall: { level: 'eventual', whenCutOff: 'answers' },
  });
  const watched = stage.watched(here);
  await here.register(recordOf('greeter', 'here-1'), { ttlMs });
  await eventually(() => there.register(recordOf('greeter', 'there-1'), { ttlMs }), { withinMs: 5_000 });
  for (const client of [here, there]) {
    const both = async () => expect(ids(await client.lookup('greeter'))).toEqual(['here-1', 'there-1']);
    await eventually(both, { withinMs: 10_000 });
  }

  route.cut();
  await eventually(() => here.register(recordOf('greeter', 'here-2'), { ttlMs }), { withinMs: 5_000 });
  await there.register(recordOf('greeter', 'there-2'), { ttlMs });
  // Accepted on both sides; what is served of the other side is stale.
  expect(ids(await here.lookup('greeter'))).toEqual(['here-1', 'here-2', 'there-1']);
  expect(ids(await there.lookup('greeter'))).toEqual(['here-1', 'there-1', 'there-2']);
  await eventually(() => expect(watched.ids).toEqual(['here-1', 'here-2']), { withinMs: ttlMs + 2_000 });
  expect(ids(await here.lookup('greeter'))).toEqual(['here-1', 'here-2']);

  route.heal();
  const healedAt = performance.now();
  const all = ['here-1', 'here-2', 'there-1', 'there-2'];
  await eventually(() => expect(watched.ids).toEqual(all), { withinMs: 15_000, everyMs: 10 });
  process.stdout.write(`both sides are one ${Math.round(performance.now() - healedAt)} ms after the route is back\n`);
  expect(ids(await there.lookup('greeter'))).toEqual(all);
  expect(watched.errors).toEqual([]);
}, 60_000);

it('with no server at all everything is refused, and the last set stands', async () => {
  const server = await stage.server();
  const { registry, watched } = await stage.registered(server, ttlMs);
  await server.kill();
  await eventually(() => expect(watched.errors).toHaveLength(1), { withinMs: 5_000 });
  for (const call of [
    () => registry.lookup('greeter'),
    () => registry.list(),
    () => registry.register(recordOf('greeter', 'n2'), { ttlMs }),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'Unavailable' });
  }
  expect(registry.trouble).toMatchObject({ code: 'Unavailable' });
  expect(watched.ids).toEqual(['n1']);
});

const ttlMs = 3_000;

function cluster(name: string, rest: string): string {
  return `server_name: ${name}\ncluster { name: test, no_advertise: true, connect_retries: 1000, ${rest} }\n`;
}

function ids(records: Awaited<ReturnType<Registry['lookup']>>): readonly string[] {
  return records.flatMap((record) => record.nodes.map((node) => node.id)).sort();
}
