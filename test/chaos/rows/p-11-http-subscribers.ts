import { randomUUID } from 'node:crypto';
import { median, number, percent } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { type Listener, lostOf, Messages, repeatedOf } from '../lab/messages.js';
import type { ListenSettings } from '../nodes/listen.js';

export const httpSubscribers: Row = {
  id: 'P-11',
  fault: 'over HTTP: of three queues one has a subscriber that fails, then one that hangs, then one that is stopped',
  bar: 'the other two get everything, at ≥ 95 % of their rate; what is sent to the broken one again is ≤ 10 % beyond its share',

  async run(lab, { note }) {
    const meeting = { http: { etcd: await lab.sharedEtcd(), prefix: `/chaos/${randomUUID()}/` } };
    const messages = new Messages(lab, meeting);
    const terms = (name: string) =>
      ({ name, topic: 'chaos.work', options: { queue: name, delivery: 'atMostOnce' } }) as const;
    const good = [await messages.listener([terms('one')]), await messages.listener([terms('other')])];
    const broken = await messages.listener([terms('broken')]);
    const publisher = await messages.publisher();
    const failed: number[] = [];
    let from = 0;
    const batch = async (): Promise<number> => {
      const order = { topic: 'chaos.work', delivery: 'atMostOnce', from, count: perBatch, rate } as const;
      const before = await Promise.all(good.map((one) => one.report()));
      const began = performance.now();
      const publishing = publisher.publish(order);
      await Promise.all(
        good.map((one, index) =>
          one.until(({ handled }) => handled >= (before[index]?.handled ?? 0) + perBatch, 30_000),
        ),
      );
      const perSecond = (perBatch * 1_000) / (performance.now() - began);
      failed.push(...(await publishing).failed);
      from += perBatch;
      return perSecond;
    };
    await batch();
    const shares: number[] = [];
    let repeated = 0;
    for (const [name, { begin, end }] of Object.entries(faultsOf(broken))) {
      const found: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const clean = await batch();
        const before = (await broken.report()).begun;
        await begin();
        found.push((await batch()) / clean);
        await end();
        if (name === 'fails') repeated += Math.max(0, (await broken.report()).begun - before - perBatch);
      }
      shares.push(median(found));
      note(`${name}: ${percent(median(found))} of the rate without it`);
    }
    const share = Math.min(...shares);
    const handled = messages.handled();
    const lost = ['one', 'other'].map((name) => lostOf(handled, name, { from: 0, count: from }, { failed }));
    const own = [...handled].filter(([id]) => !id.startsWith('broken-'));
    return {
      n: from,
      figure: [
        `the others lost ${lost.map(number).join(' and ')} of ${number(from)}, handled ${number(repeatedOf(new Map(own)))} twice`,
        `at ${percent(share)} of their rate beside the worst fault`,
        `the one that fails was given ${number(repeated)} of ${number(rounds * perBatch)} again`,
      ].join('; '),
      passed:
        lost.every((count) => count === 0) &&
        share >= 0.95 &&
        repeated <= (rounds * perBatch) / 10 &&
        failed.length === 0,
    };
  },
};

interface Trouble {
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
}

function faultsOf(broken: Listener): Readonly<Record<string, Trouble>> {
  const settled = (settings: ListenSettings): Trouble => ({
    begin: () => broken.settings(settings),
    end: () => broken.settings({}),
  });
  return {
    fails: settled({ failShare: 1 }),
    hangs: settled({ delayMs: 3_600_000 }),
    'is stopped': { begin: () => broken.lab.process.pause(), end: () => broken.lab.process.resume() },
  };
}

const perBatch = 1_000;
const rate = 300;
const rounds = 3;
