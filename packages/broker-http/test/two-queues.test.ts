import { eventually } from '@tenon/conformance';
import { FakeClock } from '@tenon/testing/fake-clock';
import { expect, it } from 'vitest';
import { idsFrom, messageOf, Stage } from './stage.js';

for (const level of ['atMostOnce', 'atLeastOnce'] as const) {
  it(`two queues on one topic in one process get each message once, over ten renewals, ${level}`, async () => {
    await using stage = new Stage();
    // The registry's: it renews when the test says so.
    const clock = new FakeClock();
    const options = { ttlMs: 3_000, ...(level === 'atMostOnce' ? {} : { spool: await stage.folder() }) };
    const broker = await stage.broker(options, { clock });
    const received: Record<string, string[]> = { mailer: [], audit: [], none: [] };
    for (const name of Object.keys(received)) {
      const queue = name === 'none' ? undefined : name;
      await broker.subscribe('user.created', async ({ message }) => void received[name]?.push(message.id), { queue });
    }
    const ids: string[] = [];
    for (let renewals = 0; renewals <= 10; renewals += 1) {
      const round = idsFrom(`round-${renewals}-`, 5);
      for (const id of round) await broker.publish('user.created', messageOf(id));
      ids.push(...round);
      await clock.advance(1_000);
    }
    for (const name of Object.keys(received)) {
      await eventually(() => expect(received[name]?.length).toBeGreaterThanOrEqual(ids.length), { withinMs: 10_000 });
    }
    // What had come twice would have come before this.
    await broker.publish('user.created', messageOf('last'));
    for (const name of Object.keys(received)) {
      await eventually(() => expect(received[name]).toContain('last'), { withinMs: 10_000 });
      expect(received[name]?.toSorted()).toEqual([...ids, 'last'].toSorted());
    }
    const records = await stage.registry(clock).lookup('micro.http.broker');
    expect(records.flatMap(({ nodes }) => nodes)).toHaveLength(3);
  });
}
