import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerAddress } from 'tenon';
import { counted, failuresOf, number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { Lab } from '../lab/lab.js';
import type { Meeting, ServeOrder } from '../nodes/orders.js';

export const reusedAddress: Row = {
  id: 'R-10',
  fault:
    'another service, with the same names of endpoints, takes over the address of a killed node that is still registered',
  bar: 'refused by identity: 0 calls run by the wrong service; each fails as not executed, and is served once a right node is there',
  transports: 'each',
  notApplicable: { memory: 'addresses in memory are made up, and never given twice' },
  together: 'all',

  async run(lab) {
    const fleet = await lab.fleet();
    const server = { ttlMs: 60_000 };
    const victim = await fleet.start({ proxied: true, server });
    const caller = await fleet.caller();
    const load = { endpoint: 'once', rate: 50 } as const;
    const before = counted(await caller.load({ ...load, name: 'before', durationMs: 2_000 }));
    const stranger = await startStranger(lab, fleet.meeting);
    await victim.kill();
    victim.proxy.aim({ host: '127.0.0.1', port: stranger.port });
    const { accepted } = victim.proxy.counts;
    const alone = counted(await caller.load({ ...load, name: 'alone', durationMs: 4_000 }));
    const reached = victim.proxy.counts.accepted - accepted;

    await fleet.start({ server });
    const both = counted(await caller.load({ ...load, endpoint: 'work', name: 'both', durationMs: 4_000 }));
    const wrong = stranger.executions();
    const unflagged = alone.failures.filter(({ code, executed }) => code !== 'Unavailable' || executed !== 'no');
    return {
      n: alone.sent + both.sent,
      figure: [
        `${shareOf(wrong, alone.sent + both.sent)} run by the wrong service, which was reached ${number(reached)} times`,
        `with no other node ${number(alone.failed)} of ${number(alone.sent)} failed, ${unflagged.length === 0 ? 'all' : 'not all'} as not executed`,
        `with one ${shareOf(both.failed, both.sent)} failed`,
      ].join('; '),
      passed:
        before.failed === 0 &&
        wrong === 0 &&
        reached > 0 &&
        alone.failed === alone.sent &&
        unflagged.length === 0 &&
        both.failed === 0,
      notes: failuresOf([...alone.failures, ...both.failures]),
    };
  },
};

/** Under a registry prefix of its own: nobody is to find it but by the address. */
async function startStranger(lab: Lab, meeting: Meeting): Promise<{ readonly port: number; executions(): number }> {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-chaos-'));
  lab.atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const journal = join(folder, 'stranger');
  writeFileSync(journal, '');
  const order: ServeOrder = { ...meeting, prefix: `/chaos/${randomUUID()}/`, node: 'the stranger', journal };
  const { ready } = await lab.process('stranger', order);
  return {
    port: Number((ready as ServerAddress).listen.split(':').at(-1)),
    executions: () => readFileSync(journal, 'utf8').split('\n').length - 1,
  };
}
