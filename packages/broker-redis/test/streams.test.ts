import { eventually, rejectsWith } from '@tenon/conformance';
import type { Delivery } from '@tenon/contract';
import { FaultProxy, faults } from '@tenon/testing/fault-proxy';
import { afterEach, describe, expect, it } from 'vitest';
import { packRecord } from '../src/wire/record.js';
import { HeldInbox, messageOf, patienceMs } from './inbox.js';
import { LogLines } from './log-lines.js';
import { Stage } from './stage.js';

const stage = new Stage();
afterEach(() => stage.end());

const atLeastOnce = { delivery: 'atLeastOnce' } as const;
const mailer = { ...atLeastOnce, queue: 'mailer', backoff: { baseMs: 20, maxMs: 50, jitter: 0 } };

describe('a stream', () => {
  it('whose entries are not ours loses none of ours: each stranger goes to the dead letters, once', async () => {
    const server = await stage.server();
    const broker = await stage.client(server);
    const stranger = await stage.stranger(server);
    const handled: Delivery[] = [];
    await broker.subscribe('user.created', async (delivery) => void handled.push(delivery), mailer);
    const key = 'tenon/stream/user.created';
    await stranger.xadd(key, '*', 'name', 'Ada', 'e-mail', 'ada@example.org');
    await stranger.xadd(key, '*', 'e', '');
    await stranger.xadd(key, '*', 'e', Buffer.from([0xe1, 0xff, 0xff]));
    await stranger.xadd(key, '*', 'e', Buffer.alloc(100_000, 0xe1));
    await broker.publish('user.created', messageOf('m1'), atLeastOnce);
    // Further on in its millisecond than we count: handled, without a place.
    await stranger.xadd(key, '99999999999999-5000', 'e', packRecord(messageOf('m2')));
    await eventually(() => expect(handled.map(({ message }) => message.id)).toEqual(['m1', 'm2']), within);
    expect(handled.map(({ sequence }) => sequence !== undefined)).toEqual([true, false]);
    const letters = await eventually(async () => {
      const found = await broker.deadLetters.list();
      expect(found).toHaveLength(4);
      return found;
    }, within);
    expect(
      letters.every(({ attempts, code, queue }) => attempts === 1 && code === 'InvalidArgument' && queue === 'mailer'),
    ).toBe(true);
    expect(String(letters[0]?.message.body)).toBe('name: Ada\ne-mail: ada@example.org\n');
    expect(letters[3]?.message.body).toHaveLength(100_000);
    await nothingInHand(server);
  });

  it('keeps one copy of a message whose publisher did not get the answer', async () => {
    const server = await stage.server();
    const proxy = await FaultProxy.start({ host: '127.0.0.1', port: server.port });
    stage.onEnd(() => proxy.close());
    const publisher = await stage.client(server, { servers: [proxy.address], reconnect: { baseMs: 20, maxMs: 100 } });
    const stranger = await stage.stranger(server);
    // The server hears it, and its answer stays on the way until the connection is lost.
    proxy.inject(faults.halfOpen(), 'to-client');
    const publishing = publisher.publish('user.created', messageOf('m1'), atLeastOnce);
    await eventually(async () => expect(await stranger.xlen('tenon/stream/user.created')).toBe(1), within);
    proxy.reset();
    await proxy.heal();
    await publishing;
    expect(await stranger.xlen('tenon/stream/user.created')).toBe(1);
    await publisher.publish('user.created', messageOf('m2'), atLeastOnce);
    expect(await stranger.xlen('tenon/stream/user.created')).toBe(2);
  });

  it('keeps no more than its bounds, by hundreds', async () => {
    const server = await stage.server();
    const stranger = await stage.stranger(server);
    const broker = await stage.client(server, { streams: { maxLength: 100 } });
    for (let index = 0; index < 1_000; index++)
      await broker.publish('user.created', messageOf(`m${index}`), atLeastOnce);
    expect(await stranger.xlen('tenon/stream/user.created')).toBeLessThanOrEqual(200);
    const aging = await stage.client(server, { prefix: 'aging', streams: { maxAgeMs: 1_000 } });
    const record = packRecord(messageOf('old'));
    for (let index = 1; index <= 300; index++)
      await stranger.xadd('aging/stream/user.created', `${index}-0`, 'e', record);
    await aging.publish('user.created', messageOf('new'), atLeastOnce);
    expect(await stranger.xlen('aging/stream/user.created')).toBeLessThanOrEqual(101);
  });

  it('that is full of memory is ResourceExhausted, and takes messages again once there is room', async () => {
    const server = await stage.server(['--maxmemory', '4mb', '--maxmemory-policy', 'noeviction']);
    const stranger = await stage.stranger(server);
    const broker = await stage.client(server);
    const body = Buffer.alloc(500_000);
    const filling = async (): Promise<void> => {
      for (let index = 0; index < 50; index++)
        await broker.publish('user.created', messageOf(`m${index}`, { body }), atLeastOnce);
    };
    expect(await rejectsWith(filling, 'ResourceExhausted')).toMatchObject({ executed: 'no' });
    await stranger.del('tenon/stream/user.created');
    await broker.publish('user.created', messageOf('again'), atLeastOnce);
    const tooLarge = messageOf('large', { body: Buffer.alloc(1_024 ** 2) });
    const failure = await rejectsWith(() => broker.publish('user.created', tooLarge, atLeastOnce), 'ResourceExhausted');
    expect(failure.message).toContain('maxMessageBytes is 1048576');
  });

  it('goes on in the next millisecond where one has as many as are counted', async () => {
    const server = await stage.server();
    const stranger = await stage.stranger(server);
    const broker = await stage.client(server);
    await stranger.xadd('tenon/stream/user.created', '99999999999999-1022', 'e', packRecord(messageOf('m0')));
    for (const id of ['m1', 'm2', 'm3']) await broker.publish('user.created', messageOf(id), atLeastOnce);
    const entries = await stranger.xrange('tenon/stream/user.created', '-', '+');
    expect(entries.map(([id]) => id)).toEqual([
      '99999999999999-1022',
      '99999999999999-1023',
      '100000000000000-0',
      '100000000000000-1',
    ]);
  });

  it('begins where it is told: at a time, and at a place', async () => {
    const server = await stage.server();
    const broker = await stage.client(server);
    const stranger = await stage.stranger(server);
    for (const timeMs of [1_000, 2_000, 3_000])
      await stranger.xadd('tenon/stream/user.created', `${timeMs}-7`, 'e', packRecord(messageOf(`m${timeMs}`)));
    const from = async (queue: string, startFrom: object): Promise<readonly string[]> => {
      const got: string[] = [];
      const handle = async ({ message }: Delivery): Promise<void> => void got.push(message.id);
      await broker.subscribe('user.created', handle, { ...mailer, queue, startFrom: startFrom as never });
      await eventually(() => expect(got).toContain('m3000'), within);
      return got;
    };
    expect(await from('time', { timeMs: 2_000 })).toEqual(['m2000', 'm3000']);
    expect(await from('later', { timeMs: 2_001 })).toEqual(['m3000']);
    expect(await from('place', { sequence: 2_000 * 1_024 + 7 })).toEqual(['m2000', 'm3000']);
    expect(await from('next', { sequence: 2_000 * 1_024 + 8 })).toEqual(['m3000']);
    expect(await from('first', { sequence: 0 })).toEqual(['m1000', 'm2000', 'm3000']);
  });
});

describe('a group', () => {
  it('of a subscriber without a queue goes with it, and where it died once nobody has heard of it for long', async () => {
    const server = await stage.server();
    const stranger = await stage.stranger(server);
    const broker = await stage.client(server);
    const groups = async (): Promise<number> =>
      ((await stranger.xinfo('GROUPS', 'tenon/stream/user.created')) as unknown[]).length;
    const left = await broker.subscribe('user.created', async () => {}, atLeastOnce);
    expect(await groups()).toBe(1);
    await left.close();
    expect([await groups(), await stranger.zcard('tenon/guests')]).toEqual([0, 0]);
    await stranger.xgroup('CREATE', 'tenon/stream/user.created', '@dead', '$');
    await stranger.zadd('tenon/guests', Date.now() - 601_000, 'user.created/@dead');
    await stranger.zadd('tenon/due/user.created/@dead', 1, '1-1');
    const held = new HeldInbox();
    await broker.subscribe('user.created', held.handle, atLeastOnce);
    expect([await groups(), await stranger.zcard('tenon/guests')]).toEqual([1, 1]);
    expect(await stranger.exists('tenon/due/user.created/@dead')).toBe(0);
    held.open();
  });

  it('that is gone is made again where it was, and nothing is missed', async () => {
    const server = await stage.server();
    const stranger = await stage.stranger(server);
    const broker = await stage.client(server);
    const got: string[] = [];
    await broker.subscribe('user.created', async ({ message }) => void got.push(message.id), mailer);
    await broker.publish('user.created', messageOf('m1'), atLeastOnce);
    await eventually(() => expect(got).toEqual(['m1']), within);
    await stranger.flushall();
    await broker.publish('user.created', messageOf('m2'), atLeastOnce);
    await eventually(() => expect(got).toEqual(['m1', 'm2']), within);
    await stranger.script('FLUSH');
    await broker.publish('user.created', messageOf('m3'), atLeastOnce);
    await eventually(() => expect(got).toEqual(['m1', 'm2', 'm3']), within);
  });

  it('hands back what was on its way over a connection that was lost, without waiting for its time', async () => {
    const server = await stage.server();
    const proxy = await FaultProxy.start({ host: '127.0.0.1', port: server.port });
    stage.onEnd(() => proxy.close());
    const stranger = await stage.stranger(server);
    const publisher = await stage.client(server);
    const hurried = { servers: [proxy.address], reconnect: { baseMs: 20, maxMs: 100 }, name: 'hands-back' };
    const subscriber = await stage.client(server, hurried);
    const got: Delivery[] = [];
    const options = { ...mailer, ackWaitMs: 3_600_000 };
    await subscriber.subscribe('user.created', async (delivery) => void got.push(delivery), options);
    // Between two looks nothing of it is under way.
    const isIdle = async (): Promise<void> => {
      const all = String(await stranger.client('LIST'));
      const own = all.split('\n').filter((line) => line.includes(' name=hands-back'));
      expect(own.length > 0 && own.every((line) => !line.includes(' idle=0 ') || line.includes('cmd=ssubscribe'))).toBe(
        true,
      );
    };
    await eventually(isIdle, within);
    // It asks, on its next look at the latest, and the answer does not come.
    proxy.inject(faults.halfOpen(), 'to-client');
    await publisher.publish('user.created', messageOf('m1'), atLeastOnce);
    await eventually(async () => expect(await stranger.zcard('tenon/due/user.created/mailer')).toBe(1), within);
    expect(got).toEqual([]);
    proxy.reset();
    await proxy.heal();
    await eventually(() => expect(got).toHaveLength(1), within);
    expect(got[0]?.attempt).toBe(2);
  });

  it('gives up a message of which its handlers’ processes die, and goes on', async () => {
    const server = await stage.server();
    const log = new LogLines();
    const options = { ...mailer, ackWaitMs: 200, maxAttempts: 2 };
    const publisher = await stage.client(server);
    const held = new HeldInbox();
    for (const name of ['first', 'second']) {
      const proxy = await FaultProxy.start({ host: '127.0.0.1', port: server.port });
      stage.onEnd(() => proxy.close());
      const doomed = await stage.client(server, { servers: [proxy.address], name });
      await doomed.subscribe('user.created', held.handle, options);
      if (name === 'first') await publisher.publish('user.created', messageOf('poison'), atLeastOnce);
      const before = name === 'first' ? 1 : 2;
      await eventually(() => expect(held.entered).toHaveLength(before), within);
      proxy.refuse();
      proxy.reset();
    }
    const survivor = await stage.client(server, {}, log);
    const got: string[] = [];
    await survivor.subscribe('user.created', async ({ message }) => void got.push(message.id), options);
    await publisher.publish('user.created', messageOf('m1'), atLeastOnce);
    await eventually(async () => {
      expect(await survivor.deadLetters.list()).toMatchObject([{ code: 'Aborted', message: { id: 'poison' } }]);
    }, within);
    await eventually(() => expect(got).toEqual(['m1']), within);
    expect(log.at('error', 'is among the dead letters')).toHaveLength(1);
    await nothingInHand(server);
    held.open();
  });
});

/** Every message is acknowledged, and nobody's time runs. */
async function nothingInHand(server: Awaited<ReturnType<Stage['server']>>): Promise<void> {
  const stranger = await stage.stranger(server);
  await eventually(async () => {
    const [pending] = (await stranger.xpending('tenon/stream/user.created', 'mailer')) as [number];
    expect([pending, await stranger.zcard('tenon/due/user.created/mailer')]).toEqual([0, 0]);
  }, within);
}

const within = { withinMs: patienceMs };
