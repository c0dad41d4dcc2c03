import { number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { lostOf, Messages } from '../lab/messages.js';

export const orderKept: Row = {
  id: 'P-08',
  fault: 'an ordered subscription of two processes, one first attempt in 20 fails, and each process is killed once',
  bar: 'every key is handled in the order of its publishing, without a gap; what comes twice comes at its place',
  quiet: true,

  async run(lab) {
    const server = await lab.server('nats-server');
    const messages = new Messages(lab, { nats: { address: server.address } });
    const backoff = { baseMs: 10, factor: 1, maxMs: 10, jitter: 0 };
    const options = {
      queue: 'work',
      delivery: 'atLeastOnce',
      ordered: true,
      ackWaitMs: 1_000,
      backoff,
      startFrom: 'first',
    } as const;
    // Both write to one file, each line whole: the order of its lines is the order in which they handled.
    const subscribe = () =>
      messages.listener([{ name: 'work', topic: 'chaos.work', options }], {
        settings: { failShare: 0.05 },
        journal: 'both',
      });
    const listeners = [await subscribe(), await subscribe()];
    const publisher = await messages.publisher();
    const order = { topic: 'chaos.work', delivery: 'atLeastOnce', from: 0, count: 5_000, rate: 2_000, keys } as const;
    const published = await publisher.publish(order);
    for (let kill = 0; kill < 2; kill += 1) {
      while (messages.handled().size < (order.count * (kill + 1)) / 4) await lab.pass(20);
      await listeners.shift()?.kill();
      listeners.push(await subscribe());
    }
    await messages.settled(order.count - published.failed.length, 90_000);
    const lines = messages.linesOf('both').map((line) => Number(line.split('-')[1]));
    const out = outOfOrder(lines);
    const lost = lostOf(messages.handled(), 'work', order, published);
    return {
      n: order.count,
      figure: `${number(out)} out of order in ${keys} keys, ${number(lost)} missing, ${number(lines.length - new Set(lines).size)} handled twice`,
      passed: out === 0 && lost === 0 && published.failed.length === 0 && lines.length >= order.count,
    };
  },
};

/** Of each key: those that came before one that was published earlier, or left out the one before them. A repetition of the last is neither. */
function outOfOrder(lines: readonly number[]): number {
  const last = new Map<number, number>();
  return lines.filter((seq) => {
    const before = last.get(seq % keys);
    last.set(seq % keys, seq);
    return before !== undefined && seq !== before && seq !== before + keys;
  }).length;
}

const keys = 20;
