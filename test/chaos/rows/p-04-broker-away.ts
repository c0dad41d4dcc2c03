import { mib, number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { lostOf, Messages, repeatedOf } from '../lab/messages.js';

export const brokerAway: Row = {
  id: 'P-04',
  fault: 'the broker is killed at 2,000 messages a second, and back after 15 s (long: 60 s)',
  bar: '0 of the confirmed lost; what waits is bounded (the process grows by ≤ 128 MiB), then publishing rejects: nothing is dropped in silence',

  async run(lab, { isLong, note }) {
    const server = await lab.server('nats-server');
    const messages = new Messages(lab, { nats: { address: server.address } });
    const options = { queue: 'work', delivery: 'atLeastOnce', ackWaitMs: 5_000, startFrom: 'first' } as const;
    await messages.listener([{ name: 'work', topic: 'chaos.work', options }]);
    const publisher = await messages.publisher();
    const awayMs = isLong ? 60_000 : 15_000;
    const order = {
      topic: 'chaos.work',
      delivery: 'atLeastOnce',
      from: 0,
      count: 2 * (awayMs + 10_000),
      rate: 2_000,
    } as const;
    const steady = await publisher.publish({ ...order, from: order.count, count: 4_000 });
    const publishing = publisher.publish(order);
    await lab.pass(4_000);
    await server.kill();
    note(`killed after ${number(await publisher.progress())} messages`);
    await lab.pass(awayMs);
    await server.start();
    const published = await publishing;
    const toCome = order.count + 4_000 - published.failed.length - steady.failed.length;
    await messages.settled(toCome, 60_000);
    const handled = messages.handled();
    const lost = lostOf(handled, 'work', order, published);
    const accounted = published.confirmed + published.failed.length;
    const reasons = Object.entries(published.reasons).map(([reason, count]) => `${number(count)} × ${reason}`);
    const isClear = Object.keys(published.reasons).every((reason) => /^(Unavailable|ResourceExhausted) /.test(reason));
    const grownBytes = published.mostBytes - steady.mostBytes;
    return {
      n: order.count,
      figure: [
        `${shareOf(lost, published.confirmed)} confirmed lost`,
        `rejected: ${reasons.join(', ') || 'none'}`,
        `of neither is known: ${number(order.count - accounted)}`,
        `publisher grew by ${mib(grownBytes)}; handled twice ${number(repeatedOf(handled))}`,
      ].join('; '),
      passed:
        lost === 0 &&
        isClear &&
        accounted === order.count &&
        published.failed.length > 0 &&
        grownBytes <= 128 * 1_024 ** 2,
    };
  },
};
