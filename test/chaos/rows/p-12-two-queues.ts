import { number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { lostOf, Messages } from '../lab/messages.js';

export const twoQueues: Row = {
  id: 'P-12',
  fault:
    'two queues on one topic in one process, whose registration is renewed ten times, over HTTP and over JetStream',
  bar: 'each queue has every message exactly once',
  quiet: true,

  async run(lab, { note }) {
    const figures: string[] = [];
    let isRight = true;
    const server = await lab.server('nats-server');
    const etcd = await lab.sharedEtcd();
    const prefix = `/chaos/p-12-${process.pid}-${performance.now()}/`;
    const over = {
      HTTP: { meeting: { http: { etcd, prefix, options: { ttlMs } } }, delivery: 'atMostOnce' },
      JetStream: { meeting: { nats: { address: server.address } }, delivery: 'atLeastOnce' },
    } as const;
    for (const [name, { meeting, delivery }] of Object.entries(over)) {
      const messages = new Messages(lab, meeting);
      const subscription = (queue: string) => ({ name: queue, topic: 'chaos.work', options: { queue, delivery } });
      const listener = await messages.listener([subscription('one'), subscription('other')]);
      const publisher = await messages.publisher();
      await lab.pass(10 * renewedEveryMs + 1_000);
      note(`${name}: renewed ten times`);
      const order = { topic: 'chaos.work', delivery, from: 0, count, rate: 500 } as const;
      const published = await publisher.publish(order);
      await messages.settled(2 * count, 20_000);
      // One that came twice would have come by then.
      await lab.pass(1_000);
      await listener.drain();
      const handled = messages.handled();
      const missing = ['one', 'other'].map((queue) => lostOf(handled, queue, order, published));
      const twice = [...handled.values()].filter((times) => times > 1).length;
      figures.push(`${name}: ${number(handled.size)} of ${number(2 * count)} handled, ${number(twice)} twice`);
      isRight &&= missing.every((lost) => lost === 0) && twice === 0 && published.failed.length === 0;
    }
    return { n: 4 * count, figure: figures.join('; '), passed: isRight };
  },
};

const count = 1_000;
const ttlMs = 3_000;
/** A registration is renewed each third of its time to live. */
const renewedEveryMs = ttlMs / 3;
