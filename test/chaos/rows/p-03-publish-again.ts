import { number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { Messages } from '../lab/messages.js';
import { kept } from '../lab/stream-facts.js';

export const publishAgain: Row = {
  id: 'P-03',
  fault:
    'the same ids are published again just before and just after the window in which the broker knows them (long: of 2 minutes)',
  bar: '1 copy is stored before the end of the window, and 2 after it',
  quiet: true,

  async run(lab, { isLong }) {
    // The default is two minutes, and that is what a long run waits for.
    const windowMs = isLong ? 120_000 : 10_000;
    const server = await lab.server('nats-server');
    const jetStream = isLong ? {} : { duplicateWindowMs: windowMs };
    const messages = new Messages(lab, { nats: { address: server.address, options: { jetStream } } });
    const publisher = await messages.publisher();
    const order = { topic: 'chaos.work', delivery: 'atLeastOnce', from: 0, count: 100, rate: 1_000 } as const;
    const publish = async (): Promise<number> => {
      const { failed } = await publisher.publish({ ...order, id: 'one' });
      if (failed.length > 0) throw new Error(`${failed.length} messages were not published`);
      return kept(server.address, 'TENON_chaos');
    };
    const first = await publish();
    const began = performance.now();
    await lab.pass(windowMs - edgeMs - (performance.now() - began));
    const before = await publish();
    await lab.pass(windowMs + edgeMs - (performance.now() - began));
    const after = await publish();
    return {
      n: order.count,
      figure: `stored of ${order.count}: ${number(first)} at first, ${number(before)} 2 s before the end of the window, ${number(after)} 2 s after it`,
      passed: first === order.count && before === order.count && after === 2 * order.count,
    };
  },
};

/** What lies between the first publish and our reading of the clock is less; the server looks at the window's end once a while. */
const edgeMs = 2_000;
