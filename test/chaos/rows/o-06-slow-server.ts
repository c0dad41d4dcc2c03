import { mib, ms, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { Lab } from '../lab/lab.js';
import type { Wire } from '../lab/wire.js';

export const slowServer: Row = {
  id: 'O-06',
  fault: 'a client stream offers 256 MiB (long: 1 GiB) to a handler that reads a message of 64 KiB each 2 ms',
  bar: 'the caller is held back: RSS ≤ +16 MiB, and every message arrives',
  quiet: true,

  async run(lab, { isLong }) {
    const pieces = isLong ? 16_384 : 4_096;
    const found = await Promise.all((['tenon/1', 'h2+tls'] as const).map((wire) => offered(lab, wire, pieces)));
    return {
      n: found.reduce((sum, { read }) => sum + read, 0),
      figure: found
        .map(
          ({ wire, grownBytes, read, elapsedMs }) =>
            `${wire}: RSS +${mib(grownBytes)}, ${number(read)} of ${number(pieces)} messages in ${ms(elapsedMs)}`,
        )
        .join('; '),
      passed: found.every(({ grownBytes, read }) => grownBytes <= 16 * 1_048_576 && read === pieces),
      notes: found
        .map(
          ({ wire, aheadBytes, failure }) =>
            `${wire}: at most ${mib(aheadBytes)} asked for ahead of the handler${failure === undefined ? '' : `, ${failure}`}`,
        )
        .join('; '),
    };
  },
};

async function offered(lab: Lab, wire: Wire, pieces: number) {
  const fleet = await lab.fleet({ wire });
  const node = await fleet.start();
  // A small young generation: what is held counts, not how seldom garbage is collected where there is room.
  const caller = await fleet.caller({ flags: ['--max-semi-space-size=2'] });
  await node.settings({ delayMs: 1 });
  await caller.offer({ bytes: pieceBytes, pieces: 1_000, timeoutMs: 60_000 });
  await node.settings({ delayMs: 2 });
  const { mostRssBytes } = await caller.report();
  const { asked, read, elapsedMs, failure } = await caller.offer({ bytes: pieceBytes, pieces, timeoutMs: 200_000 });
  const grownBytes = (await caller.report()).mostRssBytes - mostRssBytes;
  return { wire, grownBytes, read, elapsedMs, failure, aheadBytes: (asked - read) * pieceBytes };
}

const pieceBytes = 64 * 1_024;
