import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BrokerCapabilities, LevelCapabilities, SubscribeOptions } from '../../broker.js';
import type { Delivery, Message } from '../../message.js';
import { ServiceError } from '../../service-error.js';
import { Unprocessable } from '../../unprocessable.js';
import { silentLogger } from '../silent-logger.js';
import { systemClock } from '../system-clock.js';
import { readDeadLetter, requeuedMessage } from './dead-letter-message.js';
import { Settler } from './settler.js';
import { subscriptionTerms } from './subscription-terms.js';

const level: LevelCapabilities = { whileDown: 'buffers', patterns: true, replays: true, outlives: 'nothing' };
const capabilities: BrokerCapabilities = { delivery: 'atLeastOnce', levels: { atLeastOnce: level } };
const message: Message = {
  id: 'm1',
  timeMs: 1,
  contentType: 'text/plain',
  body: Buffer.from('hello'),
  metadata: { zone: 'a' },
};

function setUp(handler: () => Promise<void>, options: SubscribeOptions = {}) {
  const said: string[] = [];
  const buried: { readonly topic: string; readonly message: Message }[] = [];
  let isFull = false;
  const terms = subscriptionTerms(
    'order.placed',
    { queue: 'mails', maxAttempts: 3, ackWaitMs: 3_000, backoff: { baseMs: 100, jitter: 0 }, ...options },
    capabilities,
  );
  const parts = {
    terms,
    handler,
    clock: systemClock(),
    logger: silentLogger(),
    bury: async (topic: string, dead: Message) => {
      if (isFull) throw new ServiceError('Unavailable', 'away');
      buried.push({ topic, message: dead });
    },
  };
  const settlement = {
    ack: () => void said.push('ack'),
    nack: (delayMs: number) => void said.push(`nack ${delayMs}`),
    working: () => void said.push('working'),
  };
  const settler = new Settler(parts);
  const whole = (delivery: Partial<Delivery>): Delivery => ({
    topic: 'order.placed',
    message,
    attempt: 1,
    ...delivery,
  });
  const run = (delivery: Partial<Delivery> = {}) => settler.settle(whole(delivery), settlement);
  const refuse = (reason: Unprocessable) => settler.refuse(whole({}), settlement, reason);
  const fill = (): void => {
    isFull = true;
  };
  return { said, buried, run, refuse, fill, close: () => settler.close() };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a message at least once', () => {
  it('is acknowledged when its handler resolved; once closed no timer is left', async () => {
    const { said, run, close } = setUp(async () => {});
    await run();
    close();
    expect([said, vi.getTimerCount()]).toEqual([['ack'], 0]);
  });

  it('gives signs of life each third of ackWaitMs while its handler runs', async () => {
    let end = (): void => {};
    const { said, run, close } = setUp(
      () =>
        new Promise((resolve) => {
          end = resolve;
        }),
    );
    const running = run();
    for (let n = 0; n < 5; n += 1) await vi.advanceTimersByTimeAsync(1_000);
    expect(said).toEqual(Array(5).fill('working'));
    end();
    await running;
    await vi.advanceTimersByTimeAsync(10_000);
    close();
    expect([said.filter((one) => one === 'working').length, said.at(-1), vi.getTimerCount()]).toEqual([5, 'ack', 0]);
  });

  it('is handed back with a growing backoff where its handler rejects', async () => {
    const { said, run } = setUp(() => Promise.reject(new Error('no')));
    await run({ attempt: 1 });
    await run({ attempt: 2 });
    expect(said).toEqual(['nack 100', 'nack 200']);
  });

  it('goes to the dead letters with its last attempt, and is acknowledged once it is kept there', async () => {
    const { said, buried, run } = setUp(() => Promise.reject(new ServiceError('NotFound', 'nobody\nthere \ud800')));
    await run({ attempt: 3 });
    expect([said, buried.map(({ topic }) => topic)]).toEqual([['ack'], ['dead-letters.mails']]);
    const letter = readDeadLetter('7', buried[0]?.message ?? message);
    expect(letter).toMatchObject({
      id: '7',
      topic: 'order.placed',
      queue: 'mails',
      attempts: 3,
      code: 'NotFound',
      reason: 'nobody there \ufffd',
      message: { ...message, metadata: { zone: 'a' } },
    });
  });

  it('comes again where its dead letter cannot be kept', async () => {
    const { said, run, fill } = setUp(() => Promise.reject(new Error('no')));
    fill();
    await run({ attempt: 3 });
    expect(said).toEqual(['nack 400']);
  });

  it('goes there at once where no attempt can help', async () => {
    const cause = new ServiceError('DataLoss', 'cut off');
    const { said, buried, run } = setUp(() => Promise.reject(new Unprocessable('cut off', { cause })));
    await run();
    expect([said, buried[0]?.message.metadata['dead-letter-code']]).toEqual([['ack'], 'DataLoss']);
  });

  it('that cannot be read goes there without being handled', async () => {
    let handled = 0;
    const { said, buried, refuse } = setUp(async () => {
      handled += 1;
    });
    await refuse(new Unprocessable('cut off'));
    expect([handled, said, buried.length]).toEqual([0, ['ack'], 1]);
  });

  it('that was handed out too often goes there without being handled', async () => {
    let handled = 0;
    const { buried, run } = setUp(async () => {
      handled += 1;
    });
    await run({ attempt: 4 });
    expect([handled, buried[0]?.message.metadata['dead-letter-code']]).toEqual([0, 'Aborted']);
  });

  it('is gone where there are no dead letters', async () => {
    const { said, buried, run } = setUp(() => Promise.reject(new Error('no')), { deadLetter: false });
    await run({ attempt: 3 });
    expect([said, buried]).toEqual([['ack'], []]);
  });

  it('that was requeued for another queue is acknowledged unseen, and handled by its own', async () => {
    const letter = (queue: string | undefined) =>
      requeuedMessage({ id: '1', topic: 't', queue, attempts: 1, code: 'Internal', reason: '', timeMs: 0, message });
    let handled = 0;
    const { said, run } = setUp(async () => {
      handled += 1;
    });
    await run({ message: letter('audit') });
    await run({ message: letter(undefined) });
    expect([said, handled]).toEqual([['ack', 'ack'], 0]);
    await run({ message: letter('mails') });
    expect(handled).toBe(1);
  });
});
