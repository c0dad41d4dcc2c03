import { FaultProxy } from '@tenon/testing/fault-proxy';
import { number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { lostOf, Messages, repeatedOf } from '../lab/messages.js';
import { consumerFacts } from '../lab/stream-facts.js';

export const lostAck: Row = {
  id: 'P-02',
  fault: 'the line to the broker is cut while 200 handlers run, and back after they have ended: five times over',
  bar: 'every acknowledgement lost is a redelivery, of which the handler hears nothing; in the end the broker has all',
  quiet: true,

  async run(lab) {
    const server = await lab.server('nats-server');
    const [host = '', port] = server.address.split(':');
    const proxy = await FaultProxy.start({ host, port: Number(port) });
    lab.atEnd(() => proxy.close());
    const messages = new Messages(lab, { nats: { address: server.address } });
    const options = { queue: 'work', delivery: 'atLeastOnce', maxInFlight: perRound, ackWaitMs: 2_000 } as const;
    const listener = await messages.listener([{ name: 'work', topic: 'chaos.work', options }], {
      settings: { delayMs: 1_000 },
      meeting: { nats: { address: proxy.address } },
    });
    const publisher = await messages.publisher();
    let unacknowledged = 0;
    for (let round = 0; round < rounds; round += 1) {
      const order = {
        topic: 'chaos.work',
        delivery: 'atLeastOnce',
        from: round * perRound,
        count: perRound,
        rate: 10_000,
      } as const;
      const { failed } = await publisher.publish(order);
      if (failed.length > 0) throw new Error(`${failed.length} messages were not published`);
      await listener.until(({ begun }) => begun >= (round + 1) * perRound, 20_000);
      proxy.refuse();
      proxy.reset();
      await listener.until(({ handled }) => handled >= (round + 1) * perRound, 20_000);
      unacknowledged += (await consumerFacts(server.address, stream)).unacknowledged;
      await proxy.heal();
      await allAcknowledged(server.address, (round + 1) * perRound, lab.pass);
    }
    const total = rounds * perRound;
    const handled = messages.handled();
    const lost = lostOf(handled, 'work', { from: 0, count: total }, { failed: [] });
    const repeated = repeatedOf(handled);
    return {
      n: total,
      figure: [
        `${number(unacknowledged)} acknowledgements lost with the line`,
        `handled twice: ${shareOf(repeated, total)}`,
        `${number(lost)} lost; all acknowledged in the end`,
      ].join('; '),
      passed: unacknowledged > total / 2 && repeated === 0 && lost === 0,
    };
  },
};

async function allAcknowledged(address: string, count: number, pass: (ms: number) => Promise<void>): Promise<void> {
  const end = performance.now() + 30_000;
  for (;;) {
    const facts = await consumerFacts(address, stream);
    if (facts.acknowledged >= count && facts.unacknowledged === 0) return;
    if (performance.now() > end) throw new Error(`after 30 s the broker has ${JSON.stringify(facts)} of ${count}`);
    await pass(100);
  }
}

const stream = 'TENON_chaos';
const perRound = 200;
const rounds = 5;
