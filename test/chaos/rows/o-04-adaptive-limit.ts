import { counted, ms, number, percent } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { goesFirst } from '../lab/goes-first.js';

export const adaptiveLimit: Row = {
  id: 'O-04',
  fault: 'a dependency becomes 10 times slower for 6 s (long: 20 s)',
  bar: 'the limit falls ≤ 3 s, recovers ≥ 90 % in 20 s; queue delay p99 ≤ 100 ms',

  async run(lab, { isLong }) {
    const fleet = await lab.fleet();
    const node = await fleet.start({ wrapper: goesFirst('all') });
    const caller = await fleet.caller();
    await node.settings({ slots: 40, delayMs: 10 });
    const load = { endpoint: 'work', options: { timeoutMs: 2_000, maxAttempts: 1 } } as const;
    await caller.load({ ...load, name: 'warm-up', rate: 1_000, durationMs: 3_000 });
    const limitNow = async (): Promise<number> =>
      (await node.series('tenon.server.concurrency_limit')).at(0)?.newest ?? Number.NaN;
    const before = await limitNow();

    const slowMs = isLong ? 20_000 : 6_000;
    // Whatever ends first: the 20 s, or a limit that is back.
    const running = caller.load({ ...load, name: 'through', rate: 1_000, durationMs: slowMs + 21_000 });
    await lab.pass(500);
    await node.settings({ slots: 40, delayMs: 100 });
    const slowAt = performance.now();
    let fellAfterMs = Number.NaN;
    let least = before;
    while (performance.now() - slowAt < slowMs) {
      await lab.pass(100);
      const limit = await limitNow();
      least = Math.min(least, limit);
      if (limit <= before / 2 && Number.isNaN(fellAfterMs)) fellAfterMs = performance.now() - slowAt;
    }
    await node.settings({ slots: 40, delayMs: 10 });
    const quickAt = performance.now();
    let backAfterMs = Number.NaN;
    let highest = 0;
    while (performance.now() - quickAt < 20_000 && Number.isNaN(backAfterMs)) {
      await lab.pass(100);
      highest = Math.max(highest, await limitNow());
      if (highest >= before * 0.9) backAfterMs = performance.now() - quickAt;
    }
    await caller.stop('through');
    const through = counted(await running);
    const delays = await node.series('tenon.server.queue_delay');
    const p99 = Math.max(0, ...delays.map((series) => series.p99));
    return {
      n: through.sent,
      figure: `limit ${number(before)} fell to half after ${ms(fellAfterMs)}, to ${number(least)} at least, and was back at ${percent(highest / before)} after ${ms(backAfterMs)}; queue delay p99 ${ms(p99)}`,
      passed: fellAfterMs <= 3_000 && backAfterMs <= 20_000 && p99 <= 100,
      notes: `${number(through.succeeded)} of ${number(through.sent)} served, ${number(through.turnedAway.overloaded)} turned away, p99 ${ms(through.latencyMs.p99)}`,
    };
  },
};
