import { eventually } from '@tenon/conformance';
import { systemClock } from '@tenon/contract/authoring';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { EtcdConnection } from '../src/etcd-connection.js';
import { resolveEtcdOptions } from '../src/etcd-options.js';
import { WatchStream } from '../src/watch-stream.js';
import { EtcdServer } from './etcd-server.js';
import { plainly } from './plain-client.js';

let server: EtcdServer;
let connection: EtcdConnection;

beforeAll(async () => {
  server = await EtcdServer.start();
});

beforeEach(() => {
  connection = new EtcdConnection(resolveEtcdOptions({ endpoints: [server.endpoint] }));
});

afterEach(async () => {
  server.resume();
  await connection.close();
});

afterAll(() => server.dispose());

it('delivers the changes after a revision, with theirs', async () => {
  const before = await put('a', '1');
  const last = await put('b', '2');
  const seen: (readonly [string, number])[] = [];
  const stream = watch(before, (key, revision) => seen.push([key, revision]));
  await eventually(() => expect(seen).toEqual([['/watched/b', last]]), { withinMs: 5_000 });
  stream.close();
  expect(await stream.ended).toMatchObject({ code: 'Canceled' });
});

it('ends with OutOfRange where the changes that were to come are compacted', async () => {
  const before = await put('a', '1');
  await put('a', '2');
  const revision = await put('a', '3');
  await plainly(server, (client) => client.kv.compact({ revision, physical: true }));
  expect(await watch(before).ended).toMatchObject({ code: 'OutOfRange' });
});

it('ends with DataLoss where etcd is behind what we know', async () => {
  const now = await put('a', '1');
  expect(await watch(now + 1_000).ended).toMatchObject({ code: 'DataLoss' });
});

it('a quiet stream is asked for a sign of life and stands; a silent one ends', async () => {
  const stream = watch(await put('a', '1'));
  let ended = false;
  void stream.ended.then(() => {
    ended = true;
  });
  // Three times the silence that would end it.
  await new Promise((resolve) => setTimeout(resolve, 3 * silenceTimeoutMs));
  expect(ended).toBe(false);
  server.pause();
  expect(await stream.ended).toMatchObject({ code: 'Unavailable', rawMessage: expect.stringContaining('silent') });
});

it('ends where etcd dies, once, and tells nothing afterwards', async () => {
  let told = 0;
  const stream = watch(await put('a', '1'), () => told++);
  await put('a', '2');
  await eventually(() => expect(told).toBe(1), { withinMs: 5_000 });
  await server.kill();
  expect(await stream.ended).toMatchObject({ code: 'Unavailable' });
  await server.restart();
  await put('a', '3');
  stream.close();
  expect(told).toBe(1);
});

const silenceTimeoutMs = 1_000;

function watch(afterRevision: number, onEvent: (key: string, revision: number) => void = () => {}): WatchStream {
  return new WatchStream({
    connection,
    clock: systemClock(),
    prefix: '/watched/',
    afterRevision,
    silenceTimeoutMs,
    onEvents: (events, revision) => {
      for (const { kv } of events) onEvent(kv.key.toString(), revision);
    },
  });
}

async function put(key: string, value: string): Promise<number> {
  const { header } = await plainly(server, (client) => client.put(`/watched/${key}`).value(value).exec());
  return Number(header.revision);
}
