import { expect, it } from 'vitest';
import type { Delivery, Message } from '../../message.js';
import { silentLogger } from '../silent-logger.js';
import { DeliveryPool } from './delivery-pool.js';

/** A pool whose handlers run until they are let go, by id. */
function setUp(limits: { maxInFlight?: number; maxWaitingMessages?: number; maxWaitingBytes?: number } = {}) {
  const begun: string[] = [];
  const running = new Map<string, { resolve: () => void; reject: (failure: unknown) => void }>();
  const pool = new DeliveryPool({
    handler: ({ message }) => {
      begun.push(message.id);
      return new Promise((resolve, reject) => running.set(message.id, { resolve, reject }));
    },
    maxInFlight: 2,
    maxWaitingMessages: 2,
    maxWaitingBytes: 100,
    logger: silentLogger(),
    ...limits,
  });
  const run = (id: string, bytes = 10): void => pool.run(deliveryOf(id), bytes);
  const end = async (id: string, failure?: unknown): Promise<void> => {
    if (failure === undefined) running.get(id)?.resolve();
    else running.get(id)?.reject(failure);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { pool, begun, run, end };
}

function deliveryOf(id: string): Delivery {
  const message: Message = { id, timeMs: 0, contentType: 'text/plain', body: Buffer.from(id), metadata: {} };
  return { topic: 't', message, attempt: 1 };
}

it('handles so many at once, the rest in order of arrival, also behind one that rejects', async () => {
  const { begun, run, end } = setUp();
  for (const id of ['a', 'b', 'c', 'd']) run(id);
  expect(begun).toEqual(['a', 'b']);
  await end('b', new Error('no'));
  expect(begun).toEqual(['a', 'b', 'c']);
  await end('a');
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
});

it('is full by messages and by bytes, where one larger than the bound still goes alone', async () => {
  const { pool, run, end } = setUp({ maxWaitingMessages: 1 });
  expect(pool.isFull(1_000)).toBe(false);
  run('a', 90);
  expect([pool.isFull(10), pool.isFull(11)]).toEqual([false, true]);
  run('b', 1);
  run('c', 1);
  expect(pool.isFull(1)).toBe(true);
  await end('a');
  expect([pool.isFull(98), pool.isFull(99)]).toEqual([false, true]);
});

it('is idle when nothing waits or runs', async () => {
  const { pool, run, end } = setUp({ maxInFlight: 1 });
  await pool.idle();
  run('a');
  run('b');
  let isIdle = false;
  const idle = pool.idle().then(() => {
    isIdle = true;
  });
  await end('a');
  expect(isIdle).toBe(false);
  await end('b');
  await idle;
});

it('cleared drops what waits, and its bytes', async () => {
  const { pool, begun, run, end } = setUp({ maxInFlight: 1, maxWaitingMessages: 10 });
  run('a', 50);
  run('b', 50);
  pool.clear();
  expect([pool.isFull(50), pool.isFull(51)]).toEqual([false, true]);
  await end('a');
  await pool.idle();
  expect(begun).toEqual(['a']);
});

it('takes a handler that throws for one that rejects', async () => {
  const pool = new DeliveryPool({
    handler: () => {
      throw new Error('no');
    },
    maxInFlight: 1,
    maxWaitingMessages: 1,
    maxWaitingBytes: 100,
    logger: silentLogger(),
  });
  for (let count = 0; count < 3; count += 1) pool.run(deliveryOf(`m${count}`), 1);
  await pool.idle();
});
