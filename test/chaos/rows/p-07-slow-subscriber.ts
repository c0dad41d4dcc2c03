import { readFileSync } from 'node:fs';
import { mib, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { lostOf, Messages, repeatedOf } from '../lab/messages.js';

export const slowSubscriber: Row = {
  id: 'P-07',
  fault: 'a handler that takes 50 ms, 16 at once, is given 20,000 messages at once and 3,000 at least once',
  bar: 'the broker grows by ≤ 64 MiB; at least once none is lost; at most once what was dropped is counted exactly',

  async run(lab) {
    const server = await lab.server('nats-server');
    const messages = new Messages(lab, { nats: { address: server.address, options: { maxWaitingMessages: 1_000 } } });
    const terms = { queue: 'work', maxInFlight: 16 } as const;
    const listener = await messages.listener(
      [
        { name: 'kept', topic: 'chaos.kept', options: { ...terms, delivery: 'atLeastOnce', ackWaitMs: 1_000 } },
        { name: 'gone', topic: 'gone.work', options: { ...terms, delivery: 'atMostOnce' } },
      ],
      { settings: { delayMs: 50 }, logLevel: 'warn' },
    );
    const publisher = await messages.publisher();
    const before = rssOf(server.pid);
    const kept = { topic: 'chaos.kept', delivery: 'atLeastOnce', from: 0, count: 3_000, rate: 20_000 } as const;
    const gone = { topic: 'gone.work', delivery: 'atMostOnce', from: 0, count: 20_000, rate: 40_000 } as const;
    const [keptFound, goneFound] = await Promise.all([publisher.publish(kept), publisher.publish(gone)]);
    const during = rssOf(server.pid);
    await messages.settled(kept.count, 60_000, 'kept');
    await listener.drain();
    const after = rssOf(server.pid);
    const handled = messages.handled();
    const lost = lostOf(handled, 'kept', kept, keptFound);
    const handledGone = [...handled.keys()].filter((id) => id.startsWith('gone-')).length;
    const dropped = droppedIn(listener.lab.process.errors + listener.lab.process.lines.join('\n'));
    const grown = Math.max(during, after) - before;
    return {
      n: kept.count + gone.count,
      figure: [
        `at least once: ${number(lost)} of ${number(kept.count)} lost, ${number(repeatedOf(handled))} handled twice`,
        `at most once: ${number(handledGone)} handled and ${number(dropped)} counted as dropped, of ${number(gone.count)}`,
        `the broker grew by ${mib(grown)}`,
      ].join('; '),
      passed:
        lost === 0 &&
        keptFound.failed.length + goneFound.failed.length === 0 &&
        dropped > 0 &&
        handledGone + dropped === gone.count &&
        grown <= 64 * 1_024 ** 2,
    };
  },
};

/** The last count that the log says. */
function droppedIn(log: string): number {
  const counts = [...log.matchAll(/"dropped":(\d+)/g)].map(([, count]) => Number(count));
  return counts.at(-1) ?? 0;
}

function rssOf(pid: number | undefined): number {
  const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? Number.NaN) * 1_024;
}
