import { median, number, percent } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { lostOf, Messages, repeatedOf } from '../lab/messages.js';

export const poison: Row = {
  id: 'P-06',
  fault: 'one message in 500 fails each time it is handled',
  bar: '5 attempts with backoff, then the dead letters, with what became of it; the others keep ≥ 95 % of their throughput',

  async run(lab, { note }) {
    const server = await lab.server('nats-server');
    const messages = new Messages(lab, { nats: { address: server.address } });
    const backoff = { baseMs: 100, factor: 2, maxMs: 1_000, jitter: 0 };
    const options = { queue: 'work', delivery: 'atLeastOnce', maxInFlight: 32, maxAttempts: 5, backoff } as const;
    const listener = await messages.listener([{ name: 'work', topic: 'chaos.work', options }], {
      settings: { delayMs: 8 },
    });
    const publisher = await messages.publisher();
    const rates: { readonly clean: number[]; readonly poisoned: number[] } = { clean: [], poisoned: [] };
    const failed: number[] = [];
    let from = 0;
    const batch = async (poisonEvery?: number): Promise<number> => {
      const order = { topic: 'chaos.work', delivery: 'atLeastOnce', from, count: perBatch, rate: 20_000 } as const;
      const good = perBatch - (poisonEvery === undefined ? 0 : perBatch / poisonEvery);
      const before = (await listener.report()).handled;
      const began = performance.now();
      const publishing = publisher.publish(poisonEvery === undefined ? order : { ...order, poisonEvery });
      await listener.until(({ handled }) => handled >= before + good, 60_000);
      const rate = (good * 1_000) / (performance.now() - began);
      failed.push(...(await publishing).failed);
      from += perBatch;
      return rate;
    };
    await batch();
    for (let round = 0; round < rounds; round += 1) {
      rates.clean.push(await batch());
      rates.poisoned.push(await batch(poisonEvery));
      note(
        `clean ${number(Math.round(rates.clean.at(-1) ?? 0))}/s, with poison ${number(Math.round(rates.poisoned.at(-1) ?? 0))}/s`,
      );
    }
    const poisoned = (rounds * perBatch) / poisonEvery;
    let letters = await listener.deadLetters();
    for (let tries = 0; letters.length < poisoned && tries < 100; tries += 1) {
      await lab.pass(100);
      letters = await listener.deadLetters();
    }
    const right = letters.filter(
      ({ topic, queue, attempts, code, reason }) =>
        topic === 'chaos.work' &&
        queue === 'work' &&
        attempts === 5 &&
        code !== '' &&
        reason.includes('cannot be handled'),
    );
    const share = median(rates.poisoned.map((rate, round) => rate / (rates.clean[round] ?? Number.NaN)));
    const handled = messages.handled();
    const lost = lostOf(handled, 'work', { from: 0, count: from }, { failed }) - poisoned;
    return {
      n: from,
      figure: [
        `${number(right.length)} of ${number(poisoned)} among the dead letters after 5 attempts`,
        `the others at ${percent(share)} of their throughput, median of ${rounds}`,
        `${number(lost)} lost, ${number(repeatedOf(handled))} handled twice`,
      ].join('; '),
      passed:
        right.length === poisoned && letters.length === poisoned && share >= 0.95 && lost === 0 && failed.length === 0,
    };
  },
};

const perBatch = 5_000;
const poisonEvery = 500;
const rounds = 5;
