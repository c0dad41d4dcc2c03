import { number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { lostOf, Messages, repeatedOf } from '../lab/messages.js';

export const longHandler: Row = {
  id: 'P-09',
  fault: 'handlers take ten times as long as the broker waits for an acknowledgement; two processes',
  bar: '0 handled twice, none lost: the broker is told that they still run',

  async run(lab) {
    const server = await lab.server('nats-server');
    const messages = new Messages(lab, { nats: { address: server.address } });
    const options = { queue: 'work', delivery: 'atLeastOnce', ackWaitMs: 1_000, maxInFlight: 200 } as const;
    const subscribe = () =>
      messages.listener([{ name: 'work', topic: 'chaos.work', options }], { settings: { delayMs: 10_000 } });
    const listeners = [await subscribe(), await subscribe()];
    const publisher = await messages.publisher();
    const order = { topic: 'chaos.work', delivery: 'atLeastOnce', from: 0, count: 400, rate: 1_000 } as const;
    const published = await publisher.publish(order);
    await messages.settled(order.count, 60_000);
    // One that was handed out again has begun by then.
    await lab.pass(2_000);
    const begun = (await Promise.all(listeners.map((one) => one.report()))).reduce((sum, one) => sum + one.begun, 0);
    const handled = messages.handled();
    const lost = lostOf(handled, 'work', order, published);
    const repeated = Math.max(repeatedOf(handled), begun - order.count);
    return {
      n: order.count,
      figure: `handled or begun twice: ${shareOf(repeated, order.count)}; ${number(lost)} lost`,
      passed: repeated === 0 && lost === 0 && published.failed.length === 0,
    };
  },
};
