import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually, recordOf } from '@tenon/conformance';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { put, read, Stage } from './stage.js';
import type { ZookeeperServer } from './zookeeper-server.js';

let server: ZookeeperServer;
let stage: Stage;

beforeEach(async () => {
  stage = new Stage();
  server = await stage.server();
});

afterEach(async () => {
  server.resume();
  await stage.end();
});

it('a new node is seen, and a killed one is out within its time to live and 2 s', async () => {
  const { watched } = await stage.registered(server, 15_000);
  const service = await startService();
  const startedAt = performance.now();
  await eventually(() => expect(watched.ids).toEqual(['n1', 'n2']), { withinMs: 2_000, everyMs: 2 });
  const seenMs = performance.now() - startedAt;
  const killedAt = performance.now();
  service.kill('SIGKILL');
  await eventually(() => expect(watched.ids).toEqual(['n1']), { withinMs: serviceTtlMs + 2_000, everyMs: 10 });
  const outMs = performance.now() - killedAt;
  process.stdout.write(
    `a new node is seen after ${seenMs.toFixed(0)} ms, a killed one is out after ${outMs.toFixed(0)} ms\n`,
  );
});

it('killed and restarted within the time to live: the entry stands, and no watch sees it go', async () => {
  const { registry, watched, states } = await stage.registered(server, 20_000);
  await server.kill();
  await eventually(() => expect(watched.errors).toHaveLength(1), { withinMs: 5_000 });
  await server.restart();
  await eventually(() => registry.register(recordOf('greeter', 'n2'), { ttlMs: 20_000 }), { withinMs: 5_000 });
  await eventually(() => expect(watched.ids).toEqual(['n1', 'n2']), { withinMs: 10_000 });
  expect(watched.sets.filter((ids) => !ids.includes('n1'))).toEqual([]);
  expect(watched.errors).toHaveLength(1);
  expect(states).toEqual([]);
});

it('wiped: the entry is put in again within 5 s, and living nodes never vanish from a watch', async () => {
  const { registry, watched, states } = await stage.registered(server, 15_000);
  const other = stage.client({ endpoints: [server.endpoint] });
  await other.register(recordOf('greeter', 'n2'), { ttlMs: 15_000 });
  await eventually(() => expect(watched.ids).toEqual(['n1', 'n2']), { withinMs: 5_000 });
  await server.wipe();
  const backAt = performance.now();
  const ids = async () => (await registry.lookup('greeter')).flatMap(({ nodes }) => nodes.map(({ id }) => id)).sort();
  await eventually(async () => expect(await ids()).toEqual(['n1', 'n2']), { withinMs: 5_000, everyMs: 20 });
  process.stdout.write(
    `registered again ${Math.round(performance.now() - backAt)} ms after ZooKeeper came back empty\n`,
  );
  await eventually(() => expect(states).toEqual(['lost', 'held']), { withinMs: 5_000 });
  await other.register(recordOf('greeter', 'n3'), { ttlMs: 15_000 });
  await eventually(() => expect(watched.ids).toEqual(['n1', 'n2', 'n3']), { withinMs: 15_000 });
  expect(watched.sets.filter((set) => !set.includes('n1') || !set.includes('n2')).slice(1)).toEqual([]);
});

it('a session that expired while it was cut off is begun anew within 5 s of the connection’s return', async () => {
  const { proxy, watched, states } = await stage.registered(server, 2_000, { sessionTimeoutMs: 2_000 });
  const observer = stage.client({ endpoints: [server.endpoint] });
  proxy.cut();
  await eventually(async () => expect(await observer.lookup('greeter')).toEqual([]), { withinMs: 10_000 });
  await eventually(() => expect(states).toEqual(['lost']), { withinMs: 5_000 });
  expect(watched.ids).toEqual(['n1']);
  proxy.heal();
  await eventually(async () => expect(await observer.lookup('greeter')).toHaveLength(1), { withinMs: 5_000 });
  await eventually(() => expect(states).toEqual(['lost', 'held']), { withinMs: 5_000 });
  await eventually(() => expect(watched.sets.length).toBeGreaterThan(1), { withinMs: 5_000 });
  expect(watched.sets.filter((set) => !set.includes('n1'))).toEqual([]);
});

it('frozen for longer than the sessions: who begins another one stays in the set meanwhile, and who does not is out after the grace', async () => {
  const { proxy, states } = await stage.registered(server, 2_000, { sessionTimeoutMs: 2_000 });
  const options = { endpoints: [server.endpoint], sessionTimeoutMs: 2_000, restoreGraceMs: 8_000 };
  const watched = stage.watched(stage.client(options));
  await eventually(() => expect(watched.ids).toEqual(['n1']), { withinMs: 5_000 });
  server.pause();
  await eventually(() => expect([states, watched.errors.length]).toEqual([['lost'], 1]), { withinMs: 10_000 });
  // Held up so that its session is over for certain, and the next one begins after the watch has read.
  proxy.cut();
  const before = watched.sets.length;
  server.resume();
  const observer = stage.client({ endpoints: [server.endpoint] });
  await eventually(async () => expect(await observer.lookup('greeter')).toEqual([]), { withinMs: 10_000 });
  await eventually(() => expect(watched.sets.length).toBeGreaterThan(before), { withinMs: 10_000 });
  expect(watched.sets[before]).toEqual(['n1']);
  await eventually(() => expect(watched.ids).toEqual([]), { withinMs: 15_000 });
});

it('a half-open connection is noticed within 15 s and healed', async () => {
  const { proxy, watched, states } = await stage.registered(server, 6_000, { sessionTimeoutMs: 6_000 });
  proxy.freeze();
  await eventually(() => expect(watched.errors).toHaveLength(1), { withinMs: 15_000 });
  await eventually(() => expect(states).toEqual(['lost']), { withinMs: 10_000 });
  proxy.heal();
  await eventually(() => expect(states).toEqual(['lost', 'held']), { withinMs: 10_000 });
  await eventually(() => expect(watched.sets.length).toBeGreaterThan(1), { withinMs: 10_000 });
  expect(watched.ids).toEqual(['n1']);
});

it('a process stopped for two times to live learns of its loss at once, and registers again', async () => {
  const observer = stage.client({ endpoints: [server.endpoint] });
  const said: string[] = [];
  const service = await startService(said);
  service.kill('SIGSTOP');
  await eventually(async () => expect(await observer.lookup('greeter')).toEqual([]), { withinMs: 15_000 });
  service.kill('SIGCONT');
  await eventually(() => expect(said[1]).toBe('lost'), { withinMs: 1_500 });
  await eventually(() => expect(said).toEqual(['registered', 'lost', 'held']), { withinMs: 5_000 });
  expect(await observer.lookup('greeter')).toHaveLength(1);
});

it('a node that somebody deleted is put in again, one that was written over is mended, and one of a dead session is taken over', async () => {
  const stranger = await stage.stranger(server);
  const path = '/micro-registry/greeter/n1';
  await put(stranger, path, '{}');
  const { states } = await stage.registered(server, 1_500);
  const { text, isEphemeral } = await read(stranger, path);
  expect(isEphemeral).toBe(true);
  await new Promise((resolve) => stranger.setData(path, Buffer.from('rubbish'), resolve));
  await eventually(async () => expect((await read(stranger, path)).text).toBe(text), { withinMs: 5_000 });
  expect(states).toEqual([]);
  await new Promise((resolve) => stranger.remove(path, resolve));
  await eventually(() => expect(states).toEqual(['lost', 'held']), { withinMs: 5_000 });
  expect((await read(stranger, path)).text).toBe(text);
});

it('released while ZooKeeper is away, the entry is taken out when it is back, though its session lives', async () => {
  const { proxy, lease } = await stage.registered(server, 20_000);
  const observer = stage.client({ endpoints: [server.endpoint] });
  proxy.cut();
  await eventually(() => lease.release(), { withinMs: 10_000 });
  proxy.heal();
  await eventually(async () => expect(await observer.lookup('greeter')).toEqual([]), { withinMs: 10_000 });
});

it('goes to another member where one is dead and one is mute', async () => {
  const mute = await stage.proxy(1);
  mute.freeze();
  for (let time = 1; time <= 6; time++) {
    const registry = stage.client({ endpoints: ['127.0.0.1:1', mute.endpoint, server.endpoint] });
    await registry.start(new AbortController().signal);
    await registry.register(recordOf('greeter', `n${time}`), { ttlMs: 15_000 });
  }
});

const serviceTtlMs = 3_000;

async function startService(said: string[] = []) {
  const service = spawn(
    process.execPath,
    [
      '-C',
      '@tenon/source',
      '--import',
      '@oxc-node/core/register',
      pausedService,
      server.endpoint,
      String(serviceTtlMs),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  stage.atEnd(async () => {
    const exited = once(service, 'exit');
    if (service.exitCode === null && service.signalCode === null && service.kill('SIGKILL')) await exited;
  });
  createInterface({ input: service.stdout }).on('line', (line) => said.push(line));
  await eventually(() => expect(said).toEqual(['registered']), { withinMs: 20_000, everyMs: 2 });
  return service;
}

const pausedService = fileURLToPath(new URL('paused-service.ts', import.meta.url));
