import { fileURLToPath } from 'node:url';
import { eventually, rejectsWith } from '@tenon/conformance';
import { FakeClock } from '@tenon/testing/fake-clock';
import { NodeProcess } from '@tenon/testing/node-process';
import { describe, expect, it } from 'vitest';
import { messageOf, Stage } from './stage.js';

const script = fileURLToPath(new URL('./publisher-process.ts', import.meta.url));
const flags = ['--conditions=@tenon/source', '--import', '@oxc-node/core/register'];

describe('a publisher that is killed', { timeout: 120_000 }, () => {
  it('loses nothing of what it had kept: started again on its spool, it goes on', async () => {
    await using stage = new Stage();
    const received = new Map<string, number>();
    // Slow, so that most is in the spool when the process dies.
    const handler = async ({ message: { id } }: { message: { id: string } }): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      received.set(id, (received.get(id) ?? 0) + 1);
    };
    const subscriber = await stage.broker({ spool: await stage.folder() });
    await subscriber.subscribe('user.created', handler, { queue: 'mailer', maxInFlight: 4 });
    const [record] = await stage.registry().lookup('micro.http.broker');
    const nodes = (record?.nodes ?? []).map((node) => ({ ...node, version: record?.version }));
    const fleet = JSON.stringify({ 'micro.http.broker': nodes });
    const spool = await stage.folder();
    const kept = new Set<string>();
    for (const [life, killAt] of [150, 300, 450].entries()) {
      await using process = new NodeProcess(script, {
        parameters: [spool, fleet, String(life * 1_000), '1000'],
        flags,
      });
      process.onMessage((message) => {
        if (isKept(message)) kept.add(message.kept);
      });
      await eventually(
        () => expect(kept.size + (process.isRunning ? 0 : fail(process.errors))).toBeGreaterThan(killAt),
        {
          withinMs: 60_000,
        },
      );
      process.kill();
      await process.ended(10_000);
    }
    expect(received.size).toBeLessThan(kept.size);
    await using last = new NodeProcess(script, { parameters: [spool, fleet, '0', '0'], flags });
    await last.message((message) => message === 'published', 60_000);
    const lost = (): readonly string[] => [...kept].filter((id) => !received.has(id));
    await eventually(() => expect(lost()).toEqual([]), { withinMs: 60_000 });
    expect(kept.size).toBeGreaterThan(450);
    // What was with the subscriber when the process died, or noted so shortly before that the disk had not heard of it.
    const twice = [...received.values()].filter((times) => times > 1).length;
    expect(twice).toBeLessThan(kept.size / 4);
  });
});

describe('a spool', () => {
  it('is for one process at a time, and is free after close', async () => {
    await using stage = new Stage();
    const spool = await stage.folder();
    const first = await stage.broker({ spool });
    const refused = await rejectsWith(() => stage.broker({ spool }), 'FailedPrecondition');
    expect(refused.message).toContain(spool);
    await first.close();
    const second = await stage.broker({ spool });
    await second.publish('user.created', messageOf('m1'));
  });

  it('that cannot be written is Unavailable, and names the folder', async () => {
    await using stage = new Stage();
    const refused = await rejectsWith(() => stage.broker({ spool: '/dev/null/spool' }), 'Unavailable');
    expect(refused.message).toContain('/dev/null/spool');
  });

  it('keeps dead letters over a restart', async () => {
    await using stage = new Stage();
    const spool = await stage.folder();
    const first = await stage.broker({ spool });
    const handler = async (): Promise<void> => {
      throw new Error('no');
    };
    await first.subscribe('user.created', handler, { queue: 'mailer', maxAttempts: 1 });
    await first.publish('user.created', messageOf('m1'));
    await eventually(async () => expect(await first.deadLetters?.list()).toHaveLength(1), { withinMs: 10_000 });
    await first.close();
    const second = await stage.broker({ spool });
    const [letter] = (await second.deadLetters?.list()) ?? [];
    expect([letter?.message.id, letter?.queue, letter?.topic]).toEqual(['m1', 'mailer', 'user.created']);
    // Its queue is remembered: the letter waits for the next member.
    await second.deadLetters?.requeue(letter?.id ?? '');
    const received: string[] = [];
    await second.subscribe('user.created', async ({ message }) => void received.push(message.id), { queue: 'mailer' });
    await eventually(() => expect(received).toEqual(['m1']), { withinMs: 10_000 });
    expect(await second.deadLetters?.list()).toEqual([]);
  });

  it('takes no more than it may', async () => {
    await using stage = new Stage();
    const broker = await stage.broker({ spool: { path: await stage.folder(), maxMessages: 5 } });
    const subscription = await broker.subscribe('user.created', async () => {}, { queue: 'mailer' });
    await subscription.close();
    for (let index = 0; index < 5; index += 1) await broker.publish('user.created', messageOf(`m${index}`));
    const refused = await rejectsWith(() => broker.publish('user.created', messageOf('m6')), 'ResourceExhausted');
    expect(refused.message).toContain('spool.maxMessages');
  });

  it('forgets a queue that had no member for long, with its messages', async () => {
    await using stage = new Stage();
    const brokerClock = new FakeClock();
    const path = await stage.folder();
    const broker = await stage.broker({ spool: { path, forgetQueueAfterMs: 60_000, maxMessages: 1 } }, { brokerClock });
    const subscription = await broker.subscribe('user.created', async () => {}, { queue: 'mailer' });
    await subscription.close();
    await broker.publish('user.created', messageOf('m1'));
    await brokerClock.advance(40_000);
    await rejectsWith(() => broker.publish('user.created', messageOf('m2')), 'ResourceExhausted');
    await brokerClock.advance(40_000);
    expect(stage.log.at('warn', 'nobody is left for them').map(({ fields }) => fields['queue'])).toEqual(['mailer']);
    await broker.publish('user.created', messageOf('m3'));
    await broker.close();
    expect(stage.log.at('info', 'stay in the spool')).toEqual([]);
  });

  it('gives up a subscriber without a queue that has left for long', async () => {
    await using stage = new Stage();
    const options = { path: await stage.folder(), abandonAfterMs: 1_000 };
    const metadata = {
      broker: 'http',
      topic: 'user.created',
      secure: 'false',
      'tenon-delivery': 'atLeastOnce',
      'tenon-max-in-flight': '1',
    };
    const registry = stage.registry();
    const node = { id: 'away', address: '127.0.0.1:9', metadata };
    const record = {
      name: 'micro.http.broker',
      version: 'ff.http.broadcast',
      metadata: {},
      endpoints: [],
      nodes: [node],
    };
    const lease = await registry.register(record, { ttlMs: 60_000 });
    const broker = await stage.broker({ spool: options });
    await broker.publish('user.created', messageOf('m1'));
    await lease.release();
    await eventually(() => expect(stage.log.at('warn', 'nobody is left for them')).toHaveLength(1), {
      withinMs: 10_000,
    });
  });
});

function isKept(message: unknown): message is { readonly kept: string } {
  return typeof message === 'object' && message !== null && 'kept' in message;
}

function fail(text: string): never {
  throw new Error(`the process ended: ${text}`);
}
