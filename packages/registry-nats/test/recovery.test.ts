import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually, recordOf } from '@tenon/conformance';
import type { Registry } from '@tenon/contract';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { NatsServer } from '../../../test/nats-server/nats-server.js';
import { Stage } from './stage.js';

let server: NatsServer;
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

it('killed and restarted, which is also empty: nodes are told again within 5 s, and no watch sees them go', async () => {
  const { watched, states } = await stage.registered(server, 15_000);
  const other = stage.client({ servers: [server.address] });
  await other.register(recordOf('greeter', 'n2'), { ttlMs: 15_000 });
  await eventually(() => expect(watched.ids).toEqual(['n1', 'n2']), { withinMs: 5_000 });
  await server.kill();
  await eventually(() => expect(watched.errors).toHaveLength(1), { withinMs: 5_000 });
  const sets = watched.sets.length;
  await server.restart();
  const backAt = performance.now();
  const fresh = stage.client({ servers: [server.address] });
  await eventually(async () => expect(ids(await fresh.lookup('greeter'))).toEqual(['n1', 'n2']), { withinMs: 5_000 });
  process.stdout.write(`found again ${Math.round(performance.now() - backAt)} ms after NATS was back\n`);
  await other.register(recordOf('greeter', 'n3'), { ttlMs: 15_000 });
  await eventually(() => expect(watched.ids).toEqual(['n1', 'n2', 'n3']), { withinMs: 10_000 });
  expect(watched.sets.slice(sets).filter((set) => set.length < 2)).toEqual([]);
  expect(watched.errors).toHaveLength(1);
  expect(states).toEqual([]);
});

it('a node that died while NATS was away is out one time to live after the return', async () => {
  const { watched } = await stage.registered(server, 15_000);
  const service = await startService();
  await eventually(() => expect(watched.ids).toEqual(['n1', 'n2']), { withinMs: 5_000 });
  await server.kill();
  service.kill('SIGKILL');
  await eventually(() => expect(watched.errors).toHaveLength(1), { withinMs: 5_000 });
  await server.restart();
  await eventually(() => expect(watched.ids).toEqual(['n1']), { withinMs: serviceTtlMs + 7_000 });
});

it('cut off for longer than its time to live: the loss is told, and the node is found again within 5 s', async () => {
  const { proxy, watched, states } = await stage.registered(server, 1_500);
  const observer = stage.client({ servers: [server.address] });
  await eventually(async () => expect(ids(await observer.lookup('greeter'))).toEqual(['n1']), { withinMs: 5_000 });
  proxy.cut();
  await eventually(async () => expect(await observer.lookup('greeter')).toEqual([]), { withinMs: 5_000 });
  await eventually(() => expect(states).toEqual(['lost']), { withinMs: 5_000 });
  expect(watched.ids).toEqual(['n1']);
  proxy.heal();
  await eventually(async () => expect(ids(await observer.lookup('greeter'))).toEqual(['n1']), { withinMs: 5_000 });
  await eventually(() => expect(states).toEqual(['lost', 'held']), { withinMs: 5_000 });
});

it('a half-open connection is noticed within 15 s and healed', async () => {
  const { proxy, watched, states } = await stage.registered(server, 3_000);
  proxy.freeze();
  await eventually(() => expect(states).toEqual(['lost']), { withinMs: 10_000 });
  await eventually(() => expect(watched.errors.length).toBeGreaterThan(0), { withinMs: 16_000 });
  proxy.heal();
  await eventually(() => expect(states).toEqual(['lost', 'held']), { withinMs: 10_000 });
  expect(watched.ids).toEqual(['n1']);
}, 60_000);

it('a process stopped for two times to live learns of its loss at once, and tells of itself again', async () => {
  const observer = stage.client({ servers: [server.address] });
  const said: string[] = [];
  const service = await startService(said);
  await eventually(async () => expect(ids(await observer.lookup('greeter'))).toEqual(['n2']), { withinMs: 5_000 });
  service.kill('SIGSTOP');
  await eventually(async () => expect(await observer.lookup('greeter')).toEqual([]), { withinMs: 15_000 });
  service.kill('SIGCONT');
  await eventually(() => expect(said[1]).toBe('lost'), { withinMs: 1_500 });
  await eventually(() => expect(said).toEqual(['registered', 'lost', 'held']), { withinMs: 5_000 });
  await eventually(async () => expect(ids(await observer.lookup('greeter'))).toEqual(['n2']), { withinMs: 5_000 });
});

it('goes to another member where one is dead and one is mute', async () => {
  const mute = await stage.proxy(1);
  mute.freeze();
  for (let time = 1; time <= 6; time++) {
    const registry = stage.client({ servers: ['127.0.0.1:1', mute.endpoint, server.address] });
    await registry.start(new AbortController().signal);
    await registry.register(recordOf('greeter', `n${time}`), { ttlMs: 15_000 });
  }
});

const serviceTtlMs = 3_000;

function ids(records: Awaited<ReturnType<Registry['lookup']>>): readonly string[] {
  return records.flatMap((record) => record.nodes.map((node) => node.id)).sort();
}

async function startService(said: string[] = []) {
  const service = spawn(
    process.execPath,
    ['-C', '@tenon/source', '--import', '@oxc-node/core/register', pausedService, server.address, String(serviceTtlMs)],
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
