import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { namesOf, TestCluster } from './cluster.js';
import { eventually } from './eventually.js';
import { Network } from './network.js';

/** The local profile, with less time between attempts to find the lost. */
const options = {
  profile: 'local',
  times: { rejoinIntervalMs: 1_000, probeIntervalMs: 400, streamTimeoutMs: 500, exchangeIntervalMs: 2_000 },
} as const;

let network: Network;
let cluster: TestCluster;

beforeEach(() => {
  network = new Network();
  cluster = new TestCluster(network);
});

afterEach(() => cluster.close());

test('a crash is seen by everybody, and nobody else is held for dead', async () => {
  await cluster.addMany(5, options);
  const [doomed] = cluster.members.splice(2, 1);
  await doomed!.close();
  for (const member of cluster.members) {
    await eventually(() => expect(namesOf(member, 'dead')).toEqual(['m2']), { withinMs: 20_000 });
    expect(member.changes.filter(([, change]) => change === 'died')).toEqual([['m2', 'died']]);
  }
});

test('a member that leaves has left, at once', async () => {
  await cluster.addMany(4, options);
  const [leaving] = cluster.members.splice(3, 1);
  await leaving!.leave();
  for (const member of cluster.members) {
    await eventually(() => expect(namesOf(member, 'left')).toEqual(['m3']), { withinMs: 2_000 });
  }
  await leaving!.close();
});

test('with a fifth of all packets lost, nobody who lives is held for dead', async () => {
  network.loss = 0.2;
  // News that is lost comes with an exchange.
  await cluster.addMany(8, { ...options, times: { ...options.times, exchangeIntervalMs: 1_000 } });
  // Fifteen rounds of each: some hundred probes that lose a packet.
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  const died = cluster.members.flatMap((member) => member.changes.filter(([, change]) => change === 'died'));
  expect(died).toEqual([]);
  network.loss = 0;
  await cluster.agreed(10_000);
});

test('a member that is stopped for a while is suspected, contradicts, and makes nobody doubt the others', async () => {
  await cluster.addMany(6, { ...options, times: { ...options.times, suspicionFactor: 20 } });
  const slow = cluster.members[3]!;
  network.freeze(slow.address);
  const healthy = cluster.members.filter((member) => member !== slow);
  await eventually(() => expect(healthy.some((member) => namesOf(member, 'suspect').includes('m3'))).toBe(true), {
    withinMs: 10_000,
  });
  network.thaw(slow.address);
  await cluster.agreed(5_000);
  for (const member of healthy) {
    const doubted = member.changes.filter(([name, change]) => name !== 'm3' && change !== 'joined');
    expect(doubted).toEqual([]);
    expect(member.changes).not.toContainEqual(['m3', 'died']);
  }
});

describe('a partition', () => {
  test('of longer than the dead are told heals by itself', { timeout: 60_000 }, async () => {
    await cluster.addMany(6, { ...options, times: { ...options.times, gossipToDeadMs: 500 } });
    const [left, right] = [cluster.members.slice(0, 3), cluster.members.slice(3)];
    network.split(
      left.map(({ address }) => address),
      right.map(({ address }) => address),
    );
    await cluster.agreed(20_000, left);
    await cluster.agreed(20_000, right);
    // Forgotten, not only dead.
    await eventually(() => expect(left[0]!.everyone).toHaveLength(3), { withinMs: 10_000 });
    network.heal();
    await cluster.agreed(15_000);
  });
});

test('a seed that comes later is found by its name', async () => {
  let answer: readonly string[] = [];
  const resolve = async (): Promise<readonly string[]> => answer;
  const seed = await cluster.add('seed', options);
  const late = await cluster.add('late', { ...options, seeds: [`gossip.test:${seed.self.address.port}`], resolve });
  expect(late.members).toHaveLength(1);
  answer = ['127.0.0.1'];
  await cluster.agreed(5_000);
});
