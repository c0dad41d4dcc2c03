import { eventually } from '@tenon/conformance';
import type { Delivery } from '@tenon/contract';
import { FaultProxy } from '@tenon/testing/fault-proxy';
import { afterEach, describe, expect, it } from 'vitest';
import type { RedisBroker } from '../src/redis-broker.js';
import { messageOf } from './inbox.js';
import type { RedisServer } from './redis-server.js';
import { Stage } from './stage.js';

const stage = new Stage();
afterEach(() => stage.end());

const atLeastOnce = { delivery: 'atLeastOnce' } as const;
const brisk = { reconnect: { baseMs: 20, maxMs: 100 }, maxPendingMs: 60_000 };
const total = 10_000;

describe('10,000 messages at least once', () => {
  it('are all handled where subscribers are killed, and twice only those that the dead had in hand', async () => {
    const server = await stage.server(['--appendfsync', 'everysec']);
    const publisher = await stage.client(server, brisk);
    const ledger = new Ledger();
    const options = { ...atLeastOnce, queue: 'mailer', ackWaitMs: 1_000, maxInFlight: 64 };
    const living = await stage.client(server, brisk);
    await living.subscribe('user.created', (delivery) => ledger.handle(delivery), options);
    // Connected before this process is busy with its messages, where a dial has its time.
    const mortals = [await mortal(server), await mortal(server), await mortal(server)];
    const publishing = publishAll(publisher);
    publishing.catch(() => {});
    let inHand = 0;
    for (const { broker, kill } of mortals) {
      // What it has in hand when it dies is not handled: nobody lives to do it.
      const mine = { isDead: false, done: new Set<string>() };
      const handle = async (delivery: Delivery): Promise<void> => {
        await turn();
        if (mine.isDead) return new Promise(() => {});
        mine.done.add(delivery.message.id);
        return ledger.handle(delivery);
      };
      await broker.subscribe('user.created', handle, options);
      await eventually(() => expect(mine.done.size).toBeGreaterThan(200), within);
      mine.isDead = true;
      kill();
      inHand += options.maxInFlight;
    }
    await publishing;
    await eventually(() => expect(ledger.ids.size).toBe(total), within);
    await eventually(async () => expect(await unacknowledged(server)).toBe(0), within);
    expect(ledger.repeated).toBeLessThanOrEqual(inHand);
    expect(await living.deadLetters.list()).toEqual([]);
  }, 120_000);

  it('outlive a server that is killed and started again, twice, while they come and go', async () => {
    const server = await stage.server(['--appendfsync', 'everysec']);
    const publisher = await stage.client(server, brisk);
    const subscriber = await stage.client(server, brisk);
    const ledger = new Ledger();
    const options = { ...atLeastOnce, queue: 'mailer', ackWaitMs: 1_000, maxInFlight: 64, maxAttempts: 10 };
    await subscriber.subscribe('user.created', (delivery) => ledger.handle(delivery), options);
    const publishing = publishAll(publisher);
    publishing.catch(() => {});
    for (const share of [0.3, 0.6]) {
      await eventually(() => expect(ledger.ids.size).toBeGreaterThan(total * share), within);
      await server.kill();
      await server.restart();
    }
    await publishing;
    await eventually(() => expect(ledger.ids.size).toBe(total), within);
    await eventually(async () => expect(await unacknowledged(server)).toBe(0), within);
    // Of each outage, those whose acknowledgement was on its way.
    expect(ledger.repeated).toBeLessThanOrEqual(2 * options.maxInFlight);
    const stranger = await stage.stranger(server);
    expect(await stranger.xlen('tenon/stream/user.created')).toBe(total);
  }, 120_000);
});

/** What was handled, and how often. */
class Ledger {
  readonly ids = new Set<string>();
  repeated = 0;

  async handle({ message }: Delivery): Promise<void> {
    if (this.ids.has(message.id)) this.repeated += 1;
    this.ids.add(message.id);
  }
}

async function publishAll(publisher: RedisBroker): Promise<void> {
  for (let index = 0; index < total; index += 100) {
    const batch = Array.from({ length: 100 }, (_, offset) => messageOf(`m${index + offset}`));
    await Promise.all(batch.map((message) => publisher.publish('user.created', message, atLeastOnce)));
  }
}

/** A broker that can be cut off as a killed process is: its connections are reset, and there are no others. */
async function mortal(server: RedisServer): Promise<{ readonly broker: RedisBroker; readonly kill: () => void }> {
  const proxy = await FaultProxy.start({ host: '127.0.0.1', port: server.port });
  stage.onEnd(() => proxy.close());
  const broker = await stage.client(server, { servers: [proxy.address] });
  return {
    broker,
    kill: () => {
      proxy.refuse();
      proxy.reset();
    },
  };
}

async function unacknowledged(server: RedisServer): Promise<number> {
  const stranger = await stage.stranger(server);
  const [pending] = (await stranger.xpending('tenon/stream/user.created', 'mailer')) as [number];
  stranger.disconnect();
  return pending;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const within = { withinMs: 60_000, everyMs: 20 };
