import { eventually, rejectsWith } from '@tenon/conformance';
import { type DeadLetter, type Delivery, type SubscribeOptions, Unprocessable } from '@tenon/contract';
import { faults } from '@tenon/testing/fault-proxy';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RabbitmqBroker } from '../src/rabbitmq-broker.js';
import { messageOf } from './inbox.js';
import { LogLines } from './log-lines.js';
import { RabbitmqServer } from './rabbitmq-server.js';
import { Stage } from './stage.js';

const stage = new Stage();
let server: RabbitmqServer;

beforeAll(async () => {
  server = await RabbitmqServer.start({
    config: ['consumer_timeout = 6000'],
    settings: ['channel_tick_interval 500'],
  });
}, 120_000);
afterEach(() => stage.end());
afterAll(() => server?.stop());

/** With waits that a test can afford. */
const brisk: SubscribeOptions = { delivery: 'atLeastOnce', backoff: { baseMs: 20, maxMs: 50, jitter: 0 } };
const mailer: SubscribeOptions = { ...brisk, queue: 'mailer' };
const patienceMs = 25_000;

describe('a message', () => {
  it('that ends each process which handles it is given up after as many as it may have, without another', async () => {
    const heirs: Delivery[] = [];
    const publisher = await client();
    const attempts: number[] = [];
    for (let life = 1; life <= 3; life++) {
      const { broker, proxy } = await stage.cuttable(server);
      let seen = (): void => {};
      const entered = new Promise<void>((resolve) => {
        seen = resolve;
      });
      const fatal = (delivery: Delivery): Promise<void> => {
        attempts.push(delivery.attempt);
        seen();
        return new Promise(() => {});
      };
      await broker.subscribe('t.y', fatal, { ...mailer, maxAttempts: 3 });
      if (life === 1) await publisher.publish('t.y', messageOf('poison'), atLeastOnce);
      await entered;
      proxy.refuse();
      proxy.reset();
    }
    await publisher.subscribe('t.y', async (delivery) => void heirs.push(delivery), { ...mailer, maxAttempts: 3 });
    const [letter] = await letters(publisher, 1);
    expect(attempts).toEqual([1, 2, 3]);
    expect(heirs).toEqual([]);
    expect(letter).toMatchObject({ code: 'Aborted', queue: 'mailer', topic: 't.y' });
    expect(letter?.message.id).toBe('poison');
  });

  it('whose handler rejects counts its attempts on over a process that dies', async () => {
    const publisher = await client();
    const { broker, proxy } = await stage.cuttable(server);
    const attempts: number[] = [];
    const first = (delivery: Delivery): Promise<void> => {
      attempts.push(delivery.attempt);
      return delivery.attempt < 3 ? Promise.reject(new Error('not yet')) : new Promise(() => {});
    };
    await broker.subscribe('t.y', first, mailer);
    await publisher.publish('t.y', messageOf('m1'), atLeastOnce);
    await eventually(() => expect(attempts).toEqual([1, 2, 3]), { withinMs: patienceMs });
    proxy.refuse();
    proxy.reset();
    await publisher.subscribe('t.y', async ({ attempt }) => void attempts.push(attempt), mailer);
    await eventually(() => expect(attempts).toEqual([1, 2, 3, 4]), { withinMs: patienceMs });
  });

  it('of somebody else that is none goes to the dead letters as it came, and the queue goes on', async () => {
    const broker = await client();
    const handled: string[] = [];
    await broker.subscribe('>', async ({ message }) => void handled.push(message.id), mailer);
    const channel = await (await stage.stranger(server)).createChannel();
    const send = (key: string, properties: object): boolean =>
      channel.publish(stage.names.exchange, key, Buffer.from('as it came'), properties);
    send('no topic\n', {});
    send('t.y', { contentEncoding: 'gzip' });
    send('t.y', { headers: { 'Micro-ID': 7 } });
    await channel.close();
    await broker.publish('t.y', messageOf('m1'));
    const found = await letters(broker, 3);
    for (const { code, queue, attempts, message } of found) {
      expect([code, queue, attempts]).toEqual(['InvalidArgument', 'mailer', 1]);
      expect(Buffer.from(message.body).toString()).toBe('as it came');
    }
    expect(found.map(({ topic }) => topic).sort()).toEqual(['no_topic_', 't.y', 't.y']);
    await eventually(() => expect(handled.filter((id) => id === 'm1')).toEqual(['m1']), { withinMs: patienceMs });
  });

  it('that waits to be handled again holds up no other, and comes to its own queue alone', async () => {
    const broker = await client();
    const order: string[] = [];
    const audited: string[] = [];
    const handle = async ({ message, attempt }: Delivery): Promise<void> => {
      if (message.id === 'slow' && attempt === 1) throw new Error('not yet');
      order.push(message.id);
    };
    const options = { ...mailer, maxInFlight: 1, backoff: { baseMs: 3_000, maxMs: 3_000, jitter: 0 } };
    await broker.subscribe('t.y', handle, options);
    await broker.subscribe('t.y', async ({ message }) => void audited.push(message.id), { ...brisk, queue: 'audit' });
    for (const id of ['slow', 'm1', 'm2', 'm3']) await broker.publish('t.y', messageOf(id), atLeastOnce);
    await eventually(() => expect(order).toEqual(['m1', 'm2', 'm3', 'slow']), { withinMs: patienceMs });
    expect(audited).toEqual(['slow', 'm1', 'm2', 'm3']);
  });

  it('that is put off is kept by the server: it comes though the process that put it off has died', async () => {
    const publisher = await client();
    const { broker, proxy } = await stage.cuttable(server);
    let hasRejected = false;
    const reject = async (): Promise<void> => {
      hasRejected = true;
      throw new Error('not yet');
    };
    await broker.subscribe('t.y', reject, { ...mailer, backoff: { baseMs: 2_000, maxMs: 2_000, jitter: 0 } });
    await publisher.publish('t.y', messageOf('m1', { metadata: { zone: 'eu' } }), atLeastOnce);
    await eventually(() => expect(hasRejected).toBe(true), { withinMs: patienceMs });
    await eventually(async () => expect(await waiting('t.y', 4_096)).toBe(1), { withinMs: patienceMs });
    proxy.refuse();
    proxy.reset();
    const heirs: Delivery[] = [];
    await publisher.subscribe('t.y', async (delivery) => void heirs.push(delivery), mailer);
    await eventually(() => expect(heirs).toHaveLength(1), { withinMs: patienceMs });
    expect(heirs[0]).toMatchObject({
      topic: 't.y',
      attempt: 2,
      message: { ...messageOf('m1'), metadata: { zone: 'eu' } },
    });
  });
});

describe('a subscription', () => {
  it('that dies in the middle of 10,000 messages loses none, and doubles only what it had not acknowledged', async () => {
    const publisher = await client();
    const { broker, proxy } = await stage.cuttable(server);
    const total = 10_000;
    const maxInFlight = 100;
    const first = new Set<string>();
    const second: string[] = [];
    let dead = (): void => {};
    const dying = new Promise<void>((resolve) => {
      dead = resolve;
    });
    const doomed = async ({ message }: Delivery): Promise<void> => {
      if (first.size >= 4_000) {
        dead();
        return new Promise(() => {});
      }
      first.add(message.id);
    };
    await broker.subscribe('t.y', doomed, { ...mailer, maxInFlight });
    const publishing: Promise<void>[] = [];
    for (let index = 0; index < total; index++) {
      publishing.push(publisher.publish('t.y', messageOf(`m${index}`), atLeastOnce));
      if (publishing.length % 500 === 0) await Promise.all(publishing.splice(0));
    }
    await Promise.all(publishing);
    await dying;
    proxy.refuse();
    proxy.reset();
    await publisher.subscribe('t.y', async ({ message }) => void second.push(message.id), { ...mailer, maxInFlight });
    await eventually(() => expect(new Set([...first, ...second]).size).toBe(total), { withinMs: 60_000 });
    const doubled = second.filter((id) => first.has(id));
    // Acknowledgements that were written and did not reach the server before the end.
    expect(doubled.length).toBeLessThanOrEqual(maxInFlight);
    expect(second).toHaveLength(new Set(second).size);
  }, 120_000);

  it('of a client that vanishes without a word gives its messages to others when its heartbeats stay away', async () => {
    const { broker, proxy } = await stage.cuttable(server, { heartbeatMs: 1_000 });
    const other = await client();
    let entered = false;
    const hang = (): Promise<void> => {
      entered = true;
      return new Promise(() => {});
    };
    await broker.subscribe('t.y', hang, mailer);
    await other.publish('t.y', messageOf('m1'), atLeastOnce);
    await eventually(() => expect(entered).toBe(true), { withinMs: patienceMs });
    const heirs: Delivery[] = [];
    await other.subscribe('t.y', async (delivery) => void heirs.push(delivery), mailer);
    expect(heirs).toEqual([]);
    proxy.inject(faults.blackHole());
    await eventually(() => expect(heirs.map(({ attempt }) => attempt)).toEqual([2]), { withinMs: patienceMs });
    await eventually(() => expect(broker.isConnected).toBe(false), { withinMs: patienceMs });
  }, 60_000);

  it('whose handler runs longer than the server allows stands again, and the message comes again', async () => {
    const log = new LogLines();
    const broker = await client(log);
    const attempts: number[] = [];
    const hangOnce = ({ attempt }: Delivery): Promise<void> => {
      attempts.push(attempt);
      return attempt === 1 ? new Promise(() => {}) : Promise.resolve();
    };
    await broker.subscribe('t.y', hangOnce, mailer);
    await broker.publish('t.y', messageOf('m1'), atLeastOnce);
    await eventually(() => expect(attempts).toEqual([1, 2]), { withinMs: patienceMs });
    expect(log.at('warn', 'ended a subscription')).toMatchObject([{ fields: { error: { code: 'Unavailable' } } }]);
    expect(broker.isConnected).toBe(true);
  }, 60_000);

  it('whose queue somebody deletes stands again, with a new one', async () => {
    const broker = await client();
    const handled: string[] = [];
    await broker.subscribe('t.y', async ({ message }) => void handled.push(message.id), mailer);
    const channel = await (await stage.stranger(server)).createChannel();
    await channel.deleteQueue(queueName('t.y'));
    await eventually(
      async () => {
        await broker.publish('t.y', messageOf('again'), atLeastOnce);
        expect(handled).toContain('again');
      },
      { withinMs: patienceMs, everyMs: 50 },
    );
  });

  it('cannot turn a queue that is not ordered into one that is, and says so', async () => {
    const broker = await client();
    const subscription = await broker.subscribe('t.y', async () => {}, mailer);
    await subscription.drain();
    const refused = await rejectsWith(
      () => broker.subscribe('t.y', async () => {}, { ...mailer, ordered: true }),
      'FailedPrecondition',
    );
    expect(refused.rawMessage).toContain('x-single-active-consumer');
  });

  it('without a queue leaves nothing behind on the server', async () => {
    const broker = await client();
    const subscription = await broker.subscribe('t.y', async () => {}, brisk);
    await broker.publish('t.y', messageOf('m1'), atLeastOnce);
    await subscription.drain();
    const channel = await (await stage.stranger(server)).createChannel();
    // What is bound to the exchange would take it.
    let returned = 0;
    channel.on('return', () => {
      returned += 1;
    });
    channel.publish(stage.names.durableExchange, 't.y', Buffer.from('x'), { mandatory: true });
    await eventually(() => expect(returned).toBe(1), { withinMs: patienceMs });
  });
});

describe('publishing', () => {
  it('over connections that end again and again loses nothing that it resolved for', async () => {
    const { broker, proxy } = await stage.cuttable(server);
    const received = new Set<string>();
    await (await client()).subscribe('t.y', async ({ message }) => void received.add(message.id), mailer);
    const kept: string[] = [];
    for (let round = 0; round < 5; round++) {
      const publishing = Array.from({ length: 200 }, (_, index) => {
        const id = `m${round}-${index}`;
        return broker.publish('t.y', messageOf(id), atLeastOnce).then(() => kept.push(id));
      });
      proxy.reset();
      await Promise.all(publishing);
    }
    expect(kept).toHaveLength(1_000);
    await eventually(() => expect(received.size).toBe(1_000), { withinMs: patienceMs });
  });
});

describe('the dead letters', () => {
  it('are listed the oldest first, as often as one looks, by several at once, and within a limit', async () => {
    const broker = await client();
    const other = await client();
    const ids = await bury(broker, 30);
    for (let look = 0; look < 3; look++) {
      const both = await Promise.all([broker.deadLetters.list(), other.deadLetters.list({ limit: 10 })]);
      expect(both.map((found) => found.map(({ message }) => message.id))).toEqual([ids, ids.slice(0, 10)]);
    }
    const some = await broker.deadLetters.list({ topic: 'dead-letters.mailer', limit: 3 });
    expect(some.map(({ message }) => message.id)).toEqual(ids.slice(0, 3));
    expect(await broker.deadLetters.list({ topic: 'dead-letters.other' })).toEqual([]);
  });

  it('are removed and requeued one by one, each once, whoever else does so at the same time', async () => {
    const broker = await client();
    const other = await client();
    const ids = await bury(broker, 10);
    const found = await broker.deadLetters.list();
    const middle = found[5]?.id ?? '';
    const removed = await Promise.all([broker.deadLetters.remove(middle), other.deadLetters.remove(middle)]);
    expect([...removed].sort()).toEqual([false, true]);
    const first = found[0]?.id ?? '';
    const requeued = await Promise.allSettled([broker.deadLetters.requeue(first), other.deadLetters.requeue(first)]);
    expect(requeued.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    // It is hopeless still, so it comes back, now as the last.
    const rest = ids.filter((_, index) => index !== 0 && index !== 5);
    await eventually(
      async () => {
        const left = await other.deadLetters.list();
        expect(left.map(({ message }) => message.id)).toEqual([...rest, ids[0]]);
      },
      { withinMs: patienceMs },
    );
    await rejectsWith(() => broker.deadLetters.requeue('no such'), 'NotFound');
  });
});

const atLeastOnce = { delivery: 'atLeastOnce' } as const;

function client(log?: LogLines): Promise<RabbitmqBroker> {
  return stage.client(server, {}, log);
}

/** The name that the documentation gives the queue `mailer` of a topic. */
function queueName(topic: string): string {
  return `${stage.names.durableExchange}:mailer@${topic}`;
}

/** How many messages wait in one of the retry queues of a topic; fails while there is none. */
async function waiting(topic: string, levelMs: number): Promise<number> {
  const stranger = await stage.stranger(server);
  const channel = await stranger.createChannel();
  channel.on('error', () => {});
  const { messageCount } = await channel.checkQueue(`${queueName(topic)}.retry-${levelMs}`);
  return messageCount;
}

/** Makes dead letters of a queue whose handler can do nothing with what comes, and returns their messages' ids. */
async function bury(broker: RabbitmqBroker, count: number): Promise<readonly string[]> {
  const hopeless = async (): Promise<void> => {
    throw new Unprocessable('never');
  };
  await broker.subscribe('t.y', hopeless, { ...mailer, maxInFlight: 1 });
  const ids = Array.from({ length: count }, (_, index) => `m${index}`);
  for (const id of ids) await broker.publish('t.y', messageOf(id), atLeastOnce);
  await letters(broker, count);
  return ids;
}

async function letters(broker: RabbitmqBroker, count: number): Promise<readonly DeadLetter[]> {
  return eventually(
    async () => {
      const found = await broker.deadLetters.list();
      expect(found).toHaveLength(count);
      return found;
    },
    { withinMs: patienceMs },
  );
}
