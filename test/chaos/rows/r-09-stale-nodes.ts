import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { eventually } from '@tenon/conformance';
import { counted, failuresOf, number, percent, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { freePort } from '../lab/free-port.js';
import type { Lab } from '../lab/lab.js';
import { targetRecords } from '../lab/lab-registry.js';

export const staleNodes: Row = {
  id: 'R-09',
  fault: '3 of 6 entries are of addresses where nobody listens',
  registries: 'each',
  bar: '0 failed; ≤ 1 % of first attempts go there after 3 s',
  quiet: true,

  async run(lab) {
    const registry = await lab.registry();
    const client = await registry.client();
    const fleet = await lab.fleet({ registry });
    for (let node = 0; node < 3; node += 1) await fleet.start();
    const record = await eventually(async () => {
      const [found] = await targetRecords(client);
      if (found === undefined) throw new Error('no entry to make stale ones from');
      return found;
    }, withinSeconds);
    const resetting = await resettingPort(lab);
    for (const port of [await freePort(), await freePort(), resetting.port]) {
      const { metadata = {} } = record.nodes[0] ?? {};
      const node = { id: `target-${randomUUID()}`, address: `127.0.0.1:${port}`, metadata };
      await client.register({ ...record, nodes: [node] }, { ttlMs: 60_000 });
    }

    const caller = await fleet.caller({ watches: true });
    const load = { endpoint: 'work', rate: 500 } as const;
    const first = counted(await caller.load({ ...load, name: 'first', durationMs: 3_000 }));
    const reports = async () => Promise.all(fleet.nodes.map((node) => node.report()));
    const before = repeated(await reports());
    const dialledBefore = resetting.count();
    const then = counted(await caller.load({ ...load, name: 'then', durationMs: 8_000 }));
    const again = repeated(await reports()) - before;
    const dialled = resetting.count() - dialledBefore;
    const listed = (await caller.sets()).at(-1)?.addresses?.length ?? 0;

    const failed = first.failed + then.failed;
    // Any of the three may be tried first; each failed first attempt arrives elsewhere as a second one.
    const share = again / then.sent;
    return {
      n: first.sent + then.sent,
      figure: [
        `${shareOf(failed, first.sent + then.sent)} failed`,
        `first attempts to the 3 of ${listed} after 3 s: ${number(again)} of ${number(then.sent)} (${percent(share)})`,
        `dials to one of them: ${dialledBefore} in 3 s, ${dialled} in 8 s after that`,
      ].join('; '),
      passed: failed === 0 && share <= 0.01 && listed === 6 && dialledBefore > 0 && before > 0,
      ...(failed === 0 ? {} : { notes: failuresOf([...first.failures, ...then.failures]) }),
    };
  },
};

const withinSeconds = { withinMs: 10_000, everyMs: 50 };

/** A port that resets whoever comes, as a system does where nobody listens, and counts them. */
async function resettingPort(lab: Lab): Promise<{ readonly port: number; count(): number }> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.resetAndDestroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  lab.atEnd(() => server.close());
  return { port: (server.address() as { port: number }).port, count: () => count };
}

/** The attempts that were not the first of their call. */
function repeated(reports: readonly { readonly arrivalsByAttempt: Readonly<Record<string, number>> }[]): number {
  return reports
    .flatMap(({ arrivalsByAttempt }) => Object.entries(arrivalsByAttempt))
    .reduce((sum, [attempt, count]) => sum + (attempt === '1' ? 0 : count), 0);
}
