import { eventually } from '@tenon/conformance';
import type { Delivery } from '@tenon/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { messageOf } from './inbox.js';
import { LogLines } from './log-lines.js';
import { RabbitmqServer } from './rabbitmq-server.js';
import { Stage } from './stage.js';

const stage = new Stage();
let server: RabbitmqServer;

beforeAll(async () => {
  server = await RabbitmqServer.start();
}, 120_000);
afterEach(() => stage.end());
afterAll(() => server?.stop());

describe('a server that is killed and started again', () => {
  it('has kept what publishing resolved for, what was put off and what was given up; subscribers stand again', async () => {
    const log = new LogLines();
    const options = { maxPendingMs: 120_000 };
    const broker = await stage.client(server, options, log);
    const seen: Delivery[] = [];
    const pushed: string[] = [];
    const handle = async (delivery: Delivery): Promise<void> => {
      seen.push(delivery);
      if (delivery.message.id === 'put-off' && delivery.attempt === 1) throw new Error('not yet');
      if (delivery.message.id === 'hopeless') throw new Error('never');
    };
    const kept = { delivery: 'atLeastOnce', queue: 'mailer' } as const;
    const backoff = { baseMs: 20_000, maxMs: 20_000, jitter: 0 };
    await broker.subscribe('t.y', handle, { ...kept, backoff });
    const gone = await broker.subscribe('t.z', handle, kept);
    await gone.drain();
    await broker.subscribe('t.x', handle, { ...kept, maxAttempts: 1 });
    await broker.subscribe('t.y', async ({ message }) => void pushed.push(message.id));
    await broker.publish('t.y', messageOf('put-off'), atLeastOnce);
    await broker.publish('t.x', messageOf('hopeless'), atLeastOnce);
    await eventually(async () => expect(await broker.deadLetters.list()).toHaveLength(1), { withinMs: patienceMs });
    const ids = Array.from({ length: 100 }, (_, index) => `m${index}`);
    for (const id of ids) await broker.publish('t.z', messageOf(id), atLeastOnce);
    await eventually(async () => expect(await putOff()).toBe(1), { withinMs: patienceMs });

    await server.kill();
    await eventually(() => expect(broker.isConnected).toBe(false), { withinMs: patienceMs });
    expect(broker.trouble?.code).toBe('Unavailable');
    const during = [
      broker.publish('t.y', messageOf('during'), atLeastOnce),
      broker.publish('t.y', messageOf('during, at most once')),
    ];
    await server.restart();
    await Promise.all(during);
    expect(broker.trouble).toBeUndefined();

    const late: string[] = [];
    await broker.subscribe('t.z', async ({ message }) => void late.push(message.id), kept);
    await eventually(() => expect([...new Set(late)].sort()).toEqual([...ids].sort()), { withinMs: patienceMs });
    const letters = await broker.deadLetters.list();
    expect(letters.map(({ message }) => message.id)).toEqual(['hopeless']);
    await eventually(() => expect(pushed).toContain('during, at most once'), { withinMs: patienceMs });
    const facts = (): readonly unknown[] =>
      seen.filter(({ message: { id } }) => id !== 'hopeless').map(({ message, attempt }) => [message.id, attempt]);
    await eventually(() => expect(facts()).toContainEqual(['put-off', 2]), { withinMs: patienceMs });
    expect(facts()).toContainEqual(['during', 1]);
    expect(log.lines.map(({ message }) => message)).toContain('RabbitMQ is back');
  }, 240_000);

  it('that stops answering is given up after two heartbeats, and found again when it goes on', async () => {
    const broker = await stage.client(server, { heartbeatMs: 1_000, maxPendingMs: 60_000 });
    const handled: string[] = [];
    await broker.subscribe('t.w', async ({ message }) => void handled.push(message.id), {
      delivery: 'atLeastOnce',
      queue: 'mailer',
    });
    server.pause();
    const waiting = broker.publish('t.w', messageOf('m1'), atLeastOnce);
    await eventually(() => expect(broker.isConnected).toBe(false), { withinMs: patienceMs });
    server.resume();
    await waiting;
    await eventually(() => expect(handled).toContain('m1'), { withinMs: patienceMs });
  }, 120_000);
});

async function putOff(): Promise<number> {
  const channel = await (await stage.stranger(server)).createChannel();
  channel.on('error', () => {});
  const { messageCount } = await channel.checkQueue(`${stage.names.durableExchange}:mailer@t.y.retry-65536`);
  return messageCount;
}

const atLeastOnce = { delivery: 'atLeastOnce' } as const;
const patienceMs = 40_000;
