import { noMetadata, ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { attemptsWith } from '../../test/attempts-under-test.js';

/** Three nodes of which each drains, is away and comes back, one after another within a second. */
test('while all nodes restart within a second, no call that waits until a service is there fails', async () => {
  const { clock, meter, transport, run } = attemptsWith({ retry: {} }, 'a', 'b', 'c');
  const startedAt = clock.now();
  // a drains at 100 ms, b at 300 ms, c at 500 ms; each is away for 600 ms: for a while nobody is there.
  const phases = new Map(['a:1', 'b:1', 'c:1'].map((address, index) => [address, startedAt + 100 + index * 200]));
  const stateOf = (node: string): 'serving' | 'draining' | 'away' => {
    const passed = clock.now() - (phases.get(node) ?? 0);
    if (passed < 0 || passed >= 600) return 'serving';
    return passed < 100 ? 'draining' : 'away';
  };
  for (const node of phases.keys())
    transport.answer(node, () => {
      const state = stateOf(node);
      if (state === 'serving') return { value: node, metadata: noMetadata };
      if (state === 'away') throw new ServiceError('Unavailable', 'refused', { executed: 'no' });
      throw new ServiceError('Unavailable', 'leaving', { executed: 'no', answered: true, refusal: 'draining' });
    });
  const outcomes: Promise<unknown>[] = [];
  for (let tick = 0; tick < 150; tick += 1) {
    for (let call = 0; call < 5; call += 1)
      outcomes.push(run({ waitForReady: true, timeoutMs: 3_000 }).catch((error) => error));
    await clock.advance(10);
  }
  await clock.advance(3_000);
  const failed = (await Promise.all(outcomes)).filter((outcome) => outcome instanceof ServiceError);
  expect([failed, outcomes.length]).toEqual([[], 750]);
  // Nothing of it was paid for: no server has worked on any of these attempts.
  expect(meter.total('tenon.client.retries', { budget: 'drawn' })).toBe(0);
  expect(meter.total('tenon.client.retries', { budget: 'free' })).toBeGreaterThan(100);
});
