import { number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { lostOf, Messages, repeatedOf } from '../lab/messages.js';

export const killedSubscriber: Row = {
  id: 'P-01',
  fault: 'four subscribers are killed mid-message, and the broker once, while 100,000 messages pass through JetStream',
  bar: '0 lost; handled twice at most what was unacknowledged at the kills',
  quiet: true,

  async run(lab, { isLong, note }) {
    const server = await lab.server('nats-server');
    const messages = new Messages(lab, { nats: { address: server.address } });
    const options = {
      queue: 'work',
      delivery: 'atLeastOnce',
      maxInFlight,
      ackWaitMs: 2_000,
      startFrom: 'first',
    } as const;
    const subscribe = () => messages.listener([{ name: 'work', topic: 'chaos.work', options }]);
    const listeners = [await subscribe(), await subscribe()];
    const publisher = await messages.publisher();
    const order = {
      topic: 'chaos.work',
      delivery: 'atLeastOnce',
      from: 0,
      count: isLong ? 1_000_000 : 100_000,
      rate: 4_000,
    } as const;
    const publishing = publisher.publish(order);

    for (let kill = 0; kill < kills; kill += 1) {
      while ((await publisher.progress()) < (order.count * (kill + 1)) / (kills + 1)) await lab.pass(50);
      if (kill === 2) {
        await server.kill();
        await lab.pass(500);
        await server.start();
      }
      await listeners.shift()?.kill();
      listeners.push(await subscribe());
      note(`killed ${kill + 1} after ${number(await publisher.progress())} messages`);
    }
    const published = await publishing;
    await messages.settled(order.count - published.failed.length, 60_000);
    const handled = messages.handled();
    const lost = lostOf(handled, 'work', order, published);
    const repeated = repeatedOf(handled);
    // Each killed subscriber had at most so many in hand, and when the broker was killed both had.
    const window = (kills + 2) * maxInFlight;
    return {
      n: order.count,
      figure: [
        `${shareOf(lost, order.count)} lost`,
        `${number(published.failed.length)} not published`,
        `handled twice: ${number(repeated)} of at most ${number(window)}`,
      ].join('; '),
      passed: lost === 0 && published.failed.length === 0 && repeated <= window,
    };
  },
};

const kills = 4;
const maxInFlight = 256;
