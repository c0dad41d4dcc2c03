import { writeFileSync } from 'node:fs';
import type { LoadResult } from '@tenon/testing/open-loop-load';
import { counted, failuresOf, ms, shareOf } from '../harness/figures.js';
import { VoidRun } from '../harness/row.js';
import { Lab } from '../lab/lab.js';
import type { SharedServers } from '../lab/shared-servers.js';
import type { PeerFleet } from './peer.js';
import { peers } from './peers.js';

/** A fault that every peer meets, with the load that notices it. */
interface SharedFault {
  readonly id: string;
  readonly fault: string;
  run(fleet: PeerFleet, lab: Lab): Promise<LoadResult>;
}

const rate = 500;

const faults: readonly SharedFault[] = Object.freeze([
  {
    id: 'N-01',
    fault: 'rolling restart of 3 nodes by SIGTERM',
    run: async (fleet: PeerFleet, lab: Lab) => {
      const loaded = fleet.load(rate, 20_000);
      for (const node of [0, 1, 2]) {
        await lab.pass(2_000);
        await fleet.restart(node);
      }
      return loaded;
    },
  },
  {
    id: 'N-02',
    fault: 'SIGKILL of 1 of 3 nodes',
    run: async (fleet: PeerFleet, lab: Lab) => {
      for (const node of [0, 1, 2]) await fleet.slow(node, 20);
      const loaded = fleet.load(rate, 10_000);
      await lab.pass(3_000);
      await fleet.kill(0);
      return loaded;
    },
  },
  {
    id: 'N-04',
    fault: '1 of 3 nodes answers 200 ms later; from 3 s on',
    run: async (fleet: PeerFleet, lab: Lab) => {
      await fleet.load(rate, 3_000);
      await fleet.slow(0, 200);
      await Promise.all([fleet.load(rate, 3_000), lab.pass(3_000)]);
      return fleet.load(rate, 7_000);
    },
  },
]);

/** Puts the same faults to Tenon and to its peers with their defaults, and writes `test/chaos/PEERS.md`. */
export async function comparePeers(servers: SharedServers): Promise<void> {
  const lines = [
    '| ID | fault | framework | N | failed | p50 | p99 | slowest |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
  ];
  const notes: string[] = [];
  for (const { id, fault, run } of faults) {
    for (const { name, start } of peers) {
      const { sent, failed, latencyMs, failures } = await untilCounted(servers, async (lab) =>
        run(await start(lab), lab),
      );
      const { p50, p99, max } = latencyMs;
      lines.push(`| ${[id, fault, name, sent, shareOf(failed, sent), ms(p50), ms(p99), ms(max)].join(' | ')} |`);
      console.log(lines.at(-1));
      if (failed > 0) notes.push(`- ${id}, ${name}: ${failuresOf(failures)}`);
    }
  }
  const page = [
    '# The same faults, and the defaults of peers',
    '',
    `${rate} calls a second in an open loop, a deadline of 2 s, and beside that each framework's defaults; grpc-js calls round robin, because by default all its calls go to one node. Run by \`npm run chaos -- --peers\`.`,
    '',
    ...lines,
    ...(notes.length === 0 ? [] : ['', ...notes]),
    '',
    `${new Date().toISOString()}, node ${process.versions.node}.`,
    '',
  ];
  writeFileSync(new URL('PEERS.md', folder), page.join('\n'));
}

/** Again where the generator was too late to tell anything, twice at most. */
async function untilCounted(servers: SharedServers, run: (lab: Lab) => Promise<LoadResult>): Promise<LoadResult> {
  for (let voidRuns = 0; ; voidRuns += 1) {
    const lab = new Lab('tenon/1', servers);
    try {
      return counted(await run(lab));
    } catch (thrown) {
      if (!(thrown instanceof VoidRun) || voidRuns === 2) throw thrown;
      console.log(`void: ${thrown.message}`);
    } finally {
      await lab.dispose();
    }
  }
}

/** This file runs from `test/chaos/dist/chaos/peers`. */
const folder = new URL('../../../', import.meta.url);
