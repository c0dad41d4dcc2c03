import { number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { lostOf, Messages } from '../lab/messages.js';
import { SmallDisk } from '../lab/small-disk.js';

export const diskFull: Row = {
  id: 'P-05',
  fault: 'the disk of the broker is full, then has room again, and the broker is started again',
  bar: 'publishing rejects with a clear code; 0 of the confirmed lost; afterwards it goes on',
  quiet: true,

  async run(lab, { note }) {
    const server = await lab.server('nats-server');
    await server.kill();
    const disk = SmallDisk.at(server.dataFolder, 64);
    lab.atEnd(() => disk.remove());
    lab.atEnd(() => server.kill());
    await server.start();
    const messages = new Messages(lab, { nats: { address: server.address, options: { maxPendingMs: 3_000 } } });
    const publisher = await messages.publisher();
    const order = { topic: 'chaos.work', delivery: 'atLeastOnce', rate: 4_000 } as const;
    const first = { ...order, from: 0, count: 4_000 };
    const fine = await publisher.publish(first);
    disk.fillBut(roomBytes);
    const second = { ...order, from: 10_000, count: 40_000 };
    const full = await publisher.publish(second);
    note(`rejected while the disk was full: ${JSON.stringify(full.reasons)}`);
    disk.makeRoom();
    // A server whose disk was full has turned JetStream off, and says so; it is an operator who starts it again.
    await server.kill();
    await server.start();
    const third = { ...order, from: 100_000, count: 4_000 };
    const after = await publisher.publish(third);
    const options = { queue: 'work', delivery: 'atLeastOnce', startFrom: 'first' } as const;
    await messages.listener([{ name: 'work', topic: 'chaos.work', options }]);
    const confirmed = fine.confirmed + full.confirmed + after.confirmed;
    await messages.settled(confirmed, 30_000);
    const handled = messages.handled();
    const lost =
      lostOf(handled, 'work', first, fine) +
      lostOf(handled, 'work', second, full) +
      lostOf(handled, 'work', third, after);
    const reasons = Object.entries(full.reasons).map(([reason, count]) => `${number(count)} × ${reason}`);
    const isClear = Object.keys(full.reasons).every((reason) =>
      /^(Unavailable|ResourceExhausted|FailedPrecondition) /.test(reason),
    );
    return {
      n: confirmed,
      figure: `${shareOf(lost, confirmed)} confirmed lost; rejected meanwhile: ${reasons.join(', ') || 'none'}; afterwards ${number(after.confirmed)} of ${number(third.count)} confirmed`,
      passed: lost === 0 && full.failed.length > 0 && isClear && after.confirmed === third.count,
    };
  },
};

const roomBytes = 1_024 ** 2;
