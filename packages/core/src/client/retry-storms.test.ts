import { type Clock, callMetadata, type Metadata, noMetadata, type ReplyListener, ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { attemptsWith } from '../../test/attempts-under-test.js';
import { hello } from '../../test/greeter.js';
import { CallContext, runInContext } from '../context/index.js';

/** The same row of numbers every time: Marsaglia's xorshift. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const failed = (): ServiceError => new ServiceError('Unavailable', 'out', { executed: 'no', answered: true });

/** A client that calls three nodes at a steady rate; each attempt fails with the probability of the moment. */
function storm(seed: number) {
  const all = attemptsWith({ retry: {} }, 'a', 'b', 'c');
  const random = numbersFrom(seed);
  const counts = { calls: 0, failures: 0, attempts: 0 };
  let failing = 0;
  all.transport.bySend = (_call, listener) => {
    counts.attempts += 1;
    if (random() < failing) listener.onFailure(failed());
    else listener.onReply({ value: 'hi', metadata: noMetadata });
  };
  /** Calls for so many seconds, 100 a second; what that came to. */
  const run = async (seconds: number, probability: number): Promise<typeof counts> => {
    failing = probability;
    const before = { ...counts };
    for (let tick = 0; tick < seconds * 20; tick += 1) {
      for (let call = 0; call < 5; call += 1) {
        counts.calls += 1;
        all.run().catch(() => {
          counts.failures += 1;
        });
      }
      await all.clock.advance(50);
    }
    return {
      calls: counts.calls - before.calls,
      failures: counts.failures - before.failures,
      attempts: counts.attempts - before.attempts,
    };
  };
  return { ...all, run };
}

test('where 5 % of the attempts fail, at most 0.05 % of the calls do', { timeout: 60_000 }, async () => {
  const { run } = storm(1);
  const { calls, failures, attempts } = await run(120, 0.05);
  expect([calls, failures / calls <= 0.0005, attempts / calls <= 1.1]).toEqual([12_000, true, true]);
});

test('where half of the attempts fail for a minute, servers get at most 1.1 times the calls', async () => {
  const { run, meter } = storm(2);
  const { calls, attempts } = await run(60, 0.5);
  expect(attempts / calls).toBeLessThanOrEqual(1.1);
  // Repeating goes on at what is deposited, it is not switched off.
  expect(attempts / calls).toBeGreaterThan(1.03);
  expect(meter.total('tenon.client.retries', { budget: 'drawn' })).toBe(attempts - calls);
}, 60_000);

test('in a total outage of a minute they get at most 1.02 times the calls, and all is well within two seconds after', async () => {
  const { run } = storm(3);
  await run(10, 0);
  const spendable = await run(10, 1);
  const outage = await run(60, 1);
  expect(outage.attempts / outage.calls).toBeLessThanOrEqual(1.02);
  // What the ten good seconds had deposited is spent once.
  expect(spendable.attempts - spendable.calls).toBeLessThanOrEqual(10 * 100 * 0.1 + 10 + 10);
  expect(await run(2, 0)).toEqual({ calls: 200, failures: 0, attempts: 200 });
}, 60_000);

test('through a chain of four, of which the last fails half of the time, it gets at most 1.15 times the calls', async () => {
  const random = numbersFrom(4);
  const counts = { asked: 0, reached: 0 };
  const clients = ['a', 'b', 'c'].map((name) => attemptsWith({ retry: {} }, `${name}1`, `${name}2`));
  const { clock } = clients[0] as (typeof clients)[number];
  const answer = (listener: ReplyListener): void => {
    counts.reached += 1;
    if (random() < 0.5) listener.onFailure(new ServiceError('Unavailable', 'out', { executed: 'maybe' }));
    else listener.onReply({ value: 'hi', metadata: noMetadata });
  };
  // Each node serves a call by calling the next; what fails there has run here.
  clients.forEach((client, layer) => {
    const next = clients[layer + 1];
    client.transport.bySend = ({ metadata }, listener) => {
      if (next === undefined) answer(listener);
      else
        serving(metadata, clock, () => next.run({ idempotent: true })).then(
          (reply) => listener.onReply(reply),
          (error: ServiceError) => listener.onFailure(error.with({ executed: 'yes', answered: true })),
        );
    };
  });
  for (let tick = 0; tick < 600; tick += 1) {
    for (let call = 0; call < 10; call += 1) {
      counts.asked += 1;
      clients[0]?.run({ idempotent: true }).catch(() => {});
    }
    for (const client of clients) await client.clock.advance(100);
  }
  expect(counts.asked).toBe(6_000);
  expect(counts.reached / counts.asked).toBeLessThanOrEqual(1.15);
}, 60_000);

test('a chain whose first layer repeats is repeated nowhere further down', async () => {
  const all = attemptsWith({}, 'd1', 'd2');
  all.transport.bySend = (_call, listener) =>
    listener.onFailure(new ServiceError('Unavailable', 'out', { executed: 'maybe' }));
  await serving({ [callMetadata.attempt]: '2' }, all.clock, () => all.run({ idempotent: true })).catch(() => {});
  expect(all.meter.total('tenon.client.retries')).toBe(0);
});

function serving<T>(metadata: Metadata, clock: Clock, work: () => Promise<T>): Promise<T> {
  const { service, name: endpoint } = hello;
  const deadline = clock.now() + 5_000;
  return runInContext(
    new CallContext({ service, endpoint, metadata, deadline, peer: undefined, node: 'n1', clock }),
    work,
  );
}
