/**
 * The rows that take too long for the suite, over real sockets of one process:
 *
 *   node --conditions=@tenon/source --import @oxc-node/core/register packages/gossip/test/measure.ts crash 16 lan
 *   … loss 16 lan 120      nobody who lives is held for dead while a fifth of all packets is lost for 120 s
 *   … slow 16 lan 60       one is stopped for 3 s of every 10 s: nobody else is suspected of being dead, and how soon it contradicts
 *   … partition 16 lan 60  how long until everybody lives again after two halves were apart for 60 s
 *   … packets 1000000      that many hostile packets, with a key and without
 *
 * Exits with 1 where the bar is missed.
 */
import type { GossipProfile } from '../src/index.js';
import { namesOf, TestCluster } from './cluster.js';
import { eventually } from './eventually.js';
import { hostilePackets } from './hostile-packets.js';
import { Network } from './network.js';

const [, , row, first = '16', profile = 'lan', seconds = '60'] = process.argv;
const count = Number(first);
const rows: Readonly<Record<string, () => Promise<boolean>>> = { crash, loss, slow, partition, packets };
const run = rows[row ?? ''];
if (run === undefined) throw new Error(`a row is one of ${Object.keys(rows).join(', ')}`);
// Gossip keeps no process alive.
const alive = setInterval(() => {}, 60_000);
run()
  .then((isMet) => {
    process.exitCode = isMet ? 0 : 1;
  })
  .finally(() => clearInterval(alive));

/** */
async function crash(): Promise<boolean> {
  const took: number[] = [];
  const rounds = Number(seconds) === 60 ? 5 : Number(seconds);
  for (let round = 0; round < rounds; round += 1) {
    const cluster = await started();
    const [doomed] = cluster.members.splice(round % count, 1);
    if (doomed === undefined) throw new Error('nobody to kill');
    const name = doomed.self.name;
    const startedAt = performance.now();
    await doomed.close();
    for (const member of cluster.members) {
      await eventually(() => assert(namesOf(member, 'dead').includes(name)), { withinMs: 60_000, everyMs: 10 });
    }
    took.push(Math.round(performance.now() - startedAt));
    await cluster.close();
  }
  say({ row: 'crash', members: count, profile, seenEverywhereMs: took, barMs: 8_000 });
  return took.every((ms) => ms <= 8_000);
}

/** */
async function loss(): Promise<boolean> {
  const network = new Network();
  network.loss = 0.2;
  const startedAt = performance.now();
  const cluster = await started(network);
  const joinedMs = Math.round(performance.now() - startedAt);
  await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1_000));
  const changes = cluster.members.flatMap((member) => member.changes);
  const died = changes.filter(([, change]) => change === 'died').length;
  const suspected = changes.filter(([, change]) => change === 'suspected').length;
  await cluster.close();
  say({ row: 'loss', members: count, profile, seconds: Number(seconds), lost: 0.2, joinedMs, suspected, died });
  return died === 0;
}

/** */
async function slow(): Promise<boolean> {
  const network = new Network();
  const cluster = await started(network);
  const stopped = cluster.members.find(({ self }) => self.name === 'm3');
  if (stopped === undefined) throw new Error('nobody to stop');
  const healthy = cluster.members.filter((member) => member !== stopped);
  const refuted: number[] = [];
  let suspicions = 0;
  const endsAt = performance.now() + Number(seconds) * 1_000;
  while (performance.now() < endsAt) {
    network.freeze(stopped.address);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    if (healthy.some((member) => namesOf(member, 'suspect').includes('m3'))) suspicions += 1;
    network.thaw(stopped.address);
    const thawedAt = performance.now();
    await cluster.agreed(10_000);
    refuted.push(Math.round(performance.now() - thawedAt));
    await new Promise((resolve) => setTimeout(resolve, 7_000));
  }
  const flapped = healthy.flatMap((member) =>
    member.changes.filter(([name, change]) => name !== 'm3' && (change === 'died' || change === 'suspected')),
  ).length;
  await cluster.close();
  say({ row: 'slow', members: count, profile, seconds: Number(seconds), suspicions, refutedMs: refuted, flapped });
  return flapped === 0 && refuted.every((ms) => ms <= 2_000);
}

/** */
async function partition(): Promise<boolean> {
  const network = new Network();
  const cluster = await started(network);
  const half = Math.floor(count / 2);
  const sides = [cluster.members.slice(0, half), cluster.members.slice(half)];
  network.split(...sides.map((side) => side.map(({ address }) => address)));
  const splitAt = performance.now();
  for (const side of sides) await cluster.agreed(60_000, side);
  const apartMs = Math.round(performance.now() - splitAt);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, Number(seconds) * 1_000 - apartMs)));
  network.heal();
  const healedAt = performance.now();
  await cluster.agreed(120_000);
  const healedMs = Math.round(performance.now() - healedAt);
  await cluster.close();
  say({ row: 'partition', members: count, profile, seconds: Number(seconds), apartMs, healedMs, barMs: 30_000 });
  return healedMs <= 30_000;
}

/** */
async function packets(): Promise<boolean> {
  const results = [];
  for (const isKeyed of [false, true]) results.push({ isKeyed, ...(await hostilePackets(count / 2, isKeyed)) });
  say({ row: 'packets', packets: count, results });
  return results.every(({ grownBytes, isAlive }) => isAlive && grownBytes < 32 * 1_024 * 1_024);
}

async function started(network?: Network): Promise<TestCluster> {
  const cluster = new TestCluster(network);
  await cluster.addMany(count, { profile: profile as GossipProfile });
  return cluster;
}

function assert(holds: boolean): void {
  if (!holds) throw new Error('not yet');
}

function say(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
