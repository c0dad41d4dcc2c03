import { mib, ms, number, percent } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { Lab } from '../lab/lab.js';
import type { Wire } from '../lab/wire.js';

export const slowConsumers: Row = {
  id: 'O-05',
  fault: '64 consumers of server streams that read a message now and then, beside 64 that read as fast as they can',
  bar: 'RSS of the server ≤ +48 MiB; the fast ones keep ≥ 90 % of their rate without the slow ones',

  async run(lab, { isLong }) {
    const found = [];
    for (const wire of ['tenon/1', 'http/1.1', 'h2+tls'] as const)
      found.push(await over(lab, wire, isLong ? 15_000 : 1_500));
    const failures = found.flatMap((one) => one.failures);
    return {
      n: found.reduce((sum, { pieces }) => sum + pieces, 0),
      figure: found
        .map(({ wire, grownBytes, share }) => `${wire}: RSS +${mib(grownBytes)}, fast ones ${percent(share)}`)
        .join('; '),
      passed:
        failures.length === 0 && found.every(({ grownBytes, share }) => grownBytes <= 48 * 1_048_576 && share >= 0.9),
      notes: [
        ...found.map(
          ({ wire, perSecond, slowPieces, lagMs }) =>
            `${wire}: ${number(Math.round(perSecond))} messages/s of 4 KiB alone, slow ones read ${number(slowPieces)}, loop late by ${ms(lagMs)}`,
        ),
        ...failures,
      ].join('; '),
    };
  },
};

async function over(lab: Lab, wire: Wire, durationMs: number) {
  const fleet = await lab.fleet({ wire });
  const node = await fleet.start();
  const [fast, slow] = [await fleet.caller(), await fleet.caller()];
  // As much as a socket of the system and every window of ours hold, a hundred times.
  const order = { streams: 64, bytes: 4_096, durationMs };
  await fast.read({ ...order, name: 'warm-up', durationMs: 3_000 });
  let before = 0;
  let alone = 0;
  let beside = 0;
  let grownBytes = 0;
  let [pieces, slowPieces, lagMs] = [0, 0, 0];
  const failures: string[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const without = await fast.read({ ...order, name: 'alone' });
    if (turn === 0) before = (await node.report()).mostRssBytes;
    const slowly = slow.read({ name: 'slow', streams: 64, bytes: 16_384, durationMs: 60_000, pauseMs: 500 });
    // Until every slow one has as much as fits between it and the node.
    await lab.pass(1_500);
    const withSlow = await fast.read({ ...order, name: 'beside' });
    const { mostRssBytes, longestStall } = await node.report();
    grownBytes = Math.max(grownBytes, mostRssBytes - before);
    lagMs = Math.max(lagMs, longestStall.ms);
    await slow.stopReading('slow');
    const { pieces: read, failures: failed } = await slowly;
    slowPieces += read;
    pieces += without.pieces + withSlow.pieces;
    alone += without.perSecond;
    beside += withSlow.perSecond;
    failures.push(...without.failures, ...withSlow.failures, ...failed);
  }
  await Promise.all([fast.close(), slow.close()]);
  await node.terminate();
  return { wire, grownBytes, share: beside / alone, perSecond: alone / 2, pieces, slowPieces, lagMs, failures };
}
