import { connect } from '@nats-io/transport-node';
import { eventually, rejectsWith } from '@tenon/conformance';
import type { Delivery, Message } from '@tenon/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NatsServer } from '../../../test/nats-server/nats-server.js';
import { askJetStream } from '../src/jetstream/jetstream-api.js';
import type { NatsOptions } from '../src/nats-options.js';
import { Stage } from './stage.js';

let stage: Stage;
let server: NatsServer;

beforeEach(async () => {
  stage = new Stage();
  server = await stage.server({ jetStream: true });
});
afterEach(() => stage.end());

const atLeastOnce = { delivery: 'atLeastOnce' } as const;
const brisk: NatsOptions = { delivery: 'atLeastOnce', reconnect: { baseMs: 20, maxMs: 100 } };
const within = { withinMs: 20_000 };

function messageOf(id: string, body: Uint8Array = Buffer.from(id)): Message {
  return { id, timeMs: 1, contentType: 'text/plain', body, metadata: {} };
}

async function raw() {
  const connection = await connect({ servers: [server.address] });
  stage.onEnd(() => connection.close());
  return connection;
}

describe('a server without JetStream', () => {
  it('refuses at least once with the mend, and serves at most once', async () => {
    const plain = await stage.client(await stage.server());
    const handler = async (): Promise<void> => {};
    await expect(plain.subscribe('user.created', handler, atLeastOnce)).rejects.toThrow(/start nats-server with -js/);
    await rejectsWith(() => plain.publish('user.created', messageOf('m1'), atLeastOnce), 'FailedPrecondition');
    await plain.subscribe('user.created', handler);
    await plain.publish('user.created', messageOf('m1'));
  });
});

describe('a user who may not use JetStream', () => {
  it('is told so, and serves at most once', async () => {
    const config = `authorization { users: [
      { user: ada, password: x, permissions: { publish: { deny: "$JS.API.>" } } } ] }`;
    const guarded = await stage.server({ config, jetStream: true });
    const broker = await stage.client(guarded, { username: 'ada', password: 'x' });
    const handler = async (): Promise<void> => {};
    await rejectsWith(() => broker.subscribe('user.created', handler, atLeastOnce), 'PermissionDenied');
    await rejectsWith(() => broker.publish('user.created', messageOf('m1'), atLeastOnce), 'PermissionDenied');
    await broker.subscribe('user.created', handler);
    await broker.publish('user.created', messageOf('m1'));
  });
});

describe('streams', () => {
  it('are made once by several nodes at once, and one that is there is used as it is', async () => {
    const connection = await raw();
    await askJetStream(connection, 'STREAM.CREATE.ORDERS', {
      name: 'ORDERS',
      subjects: ['order.*'],
      storage: 'memory',
    });
    const clients = await Promise.all([1, 2, 3, 4].map(() => stage.client(server, brisk)));
    await Promise.all(
      clients.flatMap((client, index) => [
        client.publish('order.placed', messageOf(`o${index}`)),
        client.publish('user.created', messageOf(`u${index}`)),
        client.subscribe('user.created', async () => {}, { queue: 'mailer' }),
      ]),
    );
    const { streams } = await askJetStream<{ streams: string[] }>(connection, 'STREAM.NAMES', {});
    expect([...streams].sort()).toEqual(['ORDERS', 'TENON_user']);
    const { state } = await askJetStream<{ state: { messages: number; consumer_count: number } }>(
      connection,
      'STREAM.INFO.TENON_user',
      undefined,
    );
    expect([state.messages, state.consumer_count]).toEqual([4, 1]);
  });

  it('are written nothing but the message by an id that ends its header, which is refused', async () => {
    const client = await stage.client(server, brisk);
    for (const id of ['o1\r\nNats-Rollup: all', 'o1\r\n\r\nPUB evil 0\r\n\r\n']) {
      await rejectsWith(() => client.publish('order.placed', messageOf(id)), 'InvalidArgument');
    }
    await client.publish('order.placed', messageOf('Grüße ☕'));
    const { state } = await askJetStream<{ state: { messages: number } }>(
      await raw(),
      'STREAM.INFO.TENON_order',
      undefined,
    );
    expect(state.messages).toBe(1);
  });

  it('keep one copy of what is published twice, of each topic of its own', async () => {
    const client = await stage.client(server, brisk);
    for (const topic of ['order.placed', 'order.paid', 'order.placed']) await client.publish(topic, messageOf('o1'));
    const { state } = await askJetStream<{ state: { messages: number } }>(
      await raw(),
      'STREAM.INFO.TENON_order',
      undefined,
    );
    expect(state.messages).toBe(2);
  });

  it('that are full reject with ResourceExhausted', async () => {
    const client = await stage.client(server, { ...brisk, jetStream: { maxBytes: 65_536 } });
    const publishing = async (): Promise<void> => {
      for (let n = 0; n < 20; n += 1) await client.publish('order.placed', messageOf(`o${n}`, Buffer.alloc(10_000)));
    };
    await rejectsWith(publishing, 'ResourceExhausted');
  });
});

describe('publishing', () => {
  it('over the limit of the server is ResourceExhausted, and names both', async () => {
    const client = await stage.client(server, brisk);
    await expect(client.publish('order.placed', messageOf('large', Buffer.alloc(1_100_000)))).rejects.toThrow(
      /\[ResourceExhausted\] the message has 11\d{5} bytes .* takes up to 1048576/,
    );
  });

  it('while the server is away waits within its bounds, then rejects with Unavailable', async () => {
    const client = await stage.client(server, { ...brisk, maxPendingMs: 500, maxPendingBytes: 4_096 });
    await client.publish('order.placed', messageOf('o1'));
    await server.kill();
    await eventually(() => expect(client.isConnected).toBe(false), within);
    const waiting = rejectsWith(() => client.publish('order.placed', messageOf('o2')), 'Unavailable');
    const large = () => client.publish('order.placed', messageOf('o3', Buffer.alloc(4_096)));
    await rejectsWith(large, 'ResourceExhausted');
    await waiting;
  });

  it('that was given up by its caller is Canceled', async () => {
    const client = await stage.client(server, brisk);
    await client.publish('order.placed', messageOf('o1'));
    await server.kill();
    const abort = new AbortController();
    const publishing = rejectsWith(
      () => client.publish('order.placed', messageOf('o2'), { signal: abort.signal }),
      'Canceled',
    );
    abort.abort();
    await publishing;
  });
});

describe('subscriptions', () => {
  it('lose nothing of 2,000 messages to a server that is killed twice, and double only what was not acknowledged', async () => {
    const [publisher, subscriber] = await Promise.all([
      stage.client(server, { ...brisk, maxPendingMs: 60_000 }),
      stage.client(server, brisk),
    ]);
    const counts = new Map<string, number>();
    const handler = async ({ message: { id } }: Delivery): Promise<void> => {
      counts.set(id, (counts.get(id) ?? 0) + 1);
    };
    await subscriber.subscribe('order.placed', handler, { queue: 'mailer', maxInFlight: 64, ackWaitMs: 2_000 });
    const ids = Array.from({ length: 2_000 }, (_, n) => `o${n}`);
    const publishing = (async () => {
      for (let at = 0; at < ids.length; at += 50) {
        await Promise.all(ids.slice(at, at + 50).map((id) => publisher.publish('order.placed', messageOf(id))));
        if (at === 500 || at === 1_200) await server.kill().then(() => server.restart());
      }
    })();
    await publishing;
    await eventually(() => expect(counts.size).toBe(2_000), within);
    const doubled = [...counts.values()].reduce((sum, count) => sum + count - 1, 0);
    expect(doubled).toBeLessThanOrEqual(2 * 64);
  }, 60_000);

  it('put what is no message of theirs among the dead letters, and go on', async () => {
    const client = await stage.client(server, brisk);
    const received: string[] = [];
    await client.subscribe('order.placed', async ({ message }) => void received.push(message.id), { queue: 'mailer' });
    (await raw()).publish('order.placed', 'rubbish');
    await client.publish('order.placed', messageOf('o1'));
    await eventually(() => expect(received).toEqual(['o1']), within);
    await eventually(async () => expect(await client.deadLetters?.list()).toHaveLength(1), within);
    const [letter] = (await client.deadLetters?.list()) ?? [];
    expect([letter?.topic, letter?.code, Buffer.from(letter?.message.body ?? []).toString()]).toEqual([
      'order.placed',
      'InvalidArgument',
      'rubbish',
    ]);
  });

  it('take batches of what is published at most once apart, and see one again whole of which a part failed', async () => {
    const client = await stage.client(server, brisk);
    const received: string[] = [];
    const handle = async ({ message, attempt }: Delivery): Promise<void> => {
      received.push(message.id);
      if (message.id === 'm9000' && attempt === 1) throw new Error('not yet');
    };
    await client.subscribe('order.placed', handle, {
      queue: 'mailer',
      delivery: 'atLeastOnce',
      backoff: { baseMs: 10 },
    });
    const ids = Array.from({ length: 10_000 }, (_, index) => `m${index}`);
    for (const id of ids) await client.publish('order.placed', messageOf(id), { delivery: 'atMostOnce' });
    await eventually(() => expect(received.filter((id) => id === 'm9000')).toHaveLength(2), within);
    await eventually(() => expect(new Set(received).size).toBe(ids.length), within);
    const { state } = await askJetStream<{ state: { messages: number } }>(
      await raw(),
      'STREAM.INFO.TENON_order',
      undefined,
    );
    expect(state.messages).toBeLessThan(ids.length);
    expect(received.length).toBeLessThanOrEqual(ids.length + 64);
  });

  it('without a queue leave no consumer behind, and patterns that begin with a wildcard are refused', async () => {
    const client = await stage.client(server, brisk);
    const subscription = await client.subscribe('order.placed', async () => {});
    await subscription.drain();
    const { state } = await askJetStream<{ state: { consumer_count: number } }>(
      await raw(),
      'STREAM.INFO.TENON_order',
      undefined,
    );
    expect(state.consumer_count).toBe(0);
    for (const pattern of ['*.placed', '>'])
      await rejectsWith(() => client.subscribe(pattern, async () => {}), 'Unimplemented');
  });

  it('of a queue take a changed ackWaitMs over, and keep their place', async () => {
    const client = await stage.client(server, brisk);
    const first = await client.subscribe('order.placed', async () => {}, { queue: 'mailer', ackWaitMs: 1_000 });
    await first.drain();
    await client.publish('order.placed', messageOf('o1'));
    const received: string[] = [];
    const handler = async ({ message }: Delivery): Promise<void> => void received.push(message.id);
    await client.subscribe('order.placed', handler, { queue: 'mailer', ackWaitMs: 5_000 });
    await eventually(() => expect(received).toEqual(['o1']), within);
  });
});
