import { eventually } from '@tenon/conformance';
import { ms, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { LabProcess } from '../lab/lab-process.js';
import { Messages } from '../lab/messages.js';
import type { ListenersOrder } from '../nodes/listeners.js';

export const reconnectStorm: Row = {
  id: 'P-10',
  fault: '60 subscribers (long: 200), each with a connection and a queue of its own, lose the broker together, for 3 s',
  bar: 'all hear again within 5 s; none misses a message that was confirmed',

  async run(lab, { isLong, note }) {
    const perProcess = isLong ? 50 : 15;
    const server = await lab.server('nats-server');
    const meeting = { nats: { address: server.address } };
    const messages = new Messages(lab, meeting);
    const publisher = await messages.publisher();
    const topic = 'chaos.storm';
    const processes: LabProcess[] = [];
    for (let index = 0; index < 4; index += 1) {
      const queues = Array.from({ length: perProcess }, (_, one) => `q${index}-${one}`);
      const order: ListenersOrder = { ...meeting, topic, queues };
      processes.push(await lab.process('listeners', order));
    }
    const subscribers = 4 * perProcess;
    const order = { topic, delivery: 'atLeastOnce', count: 100, rate: 100 } as const;
    const before = await publisher.publish({ ...order, from: 0 });
    for (const one of processes) await one.ask('watch', 1_000);
    await server.kill();
    await lab.pass(3_000);
    const during = publisher.publish({ ...order, from: 1_000 });
    await server.start();
    const backAt = performance.timeOrigin + performance.now();
    const firsts = await eventually(
      async () => {
        const all = (await Promise.all(processes.map((one) => one.ask<number[]>('firstAt')))).flat();
        if (all.length < subscribers) throw new Error(`${all.length} of ${subscribers} hear again`);
        return all;
      },
      { withinMs: 60_000, everyMs: 200 },
    );
    const slowestMs = Math.max(...firsts) - backAt;
    note(`the last hears again after ${ms(slowestMs)}`);
    const failed = before.failed.length + (await during).failed.length;
    const wanted = 2 * order.count - failed;
    const counts = await eventually(
      async () => {
        const all = (await Promise.all(processes.map((one) => one.ask<number[]>('counts')))).flat();
        if (all.some((count) => count < wanted)) throw new Error(`the least has ${Math.min(...all)} of ${wanted}`);
        return all;
      },
      { withinMs: 30_000, everyMs: 200 },
    );
    return {
      n: subscribers,
      figure: `all hear again ${ms(slowestMs)} after the broker is back; each has ${number(Math.min(...counts))} of ${number(wanted)} messages`,
      passed: slowestMs <= 5_000 && failed === 0,
    };
  },
};
