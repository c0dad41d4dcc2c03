import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { namesOf, TestCluster } from './cluster.js';
import { eventually } from './eventually.js';
import { SerfAgent } from './serf-agent.js';

/** What serf says above memberlist: it lets nobody in who does not understand it. */
const options = { profile: 'lan', delegateVersions: [2, 5, 4] } as const;

let cluster = new TestCluster();
let agents: SerfAgent[] = [];

afterEach(async () => {
  await cluster.close();
  await Promise.all(agents.map((agent) => agent.kill()));
  cluster = new TestCluster();
  agents = [];
});

async function agent(...args: Parameters<typeof SerfAgent.start>): Promise<SerfAgent> {
  const started = await SerfAgent.start(...args);
  agents.push(started);
  return started;
}

describe.each([
  ['in the clear', undefined],
  ['with a key of 16 bytes', randomBytes(16)],
  ['with a key of 32 bytes', randomBytes(32)],
])('a serf agent, %s', (_title, key) => {
  const keys = key === undefined ? {} : { keys: [key] };
  const withKey = key === undefined ? {} : { key };

  test('takes us in when we join it, and both sides agree', async () => {
    const serf = await agent({ name: 'serf-1', ...withKey });
    await cluster.add('tenon-1', { ...options, ...keys, seeds: [serf.address] });
    await cluster.add('tenon-2', { ...options, ...keys });
    await bothAgree(serf, ['serf-1', 'tenon-1', 'tenon-2']);
  });

  test('joins us, and a crash is seen on both sides', { timeout: 60_000 }, async () => {
    const first = await cluster.add('tenon-1', { ...options, ...keys });
    await cluster.add('tenon-2', { ...options, ...keys });
    const doomed = await cluster.add('tenon-3', { ...options, ...keys });
    const serf = await agent({ name: 'serf-1', join: first.address, ...withKey });
    const other = await agent({ name: 'serf-2', join: first.address, ...withKey });
    await bothAgree(serf, ['serf-1', 'serf-2', 'tenon-1', 'tenon-2', 'tenon-3']);

    // Ours dies without a word.
    await doomed.close();
    cluster.members.splice(cluster.members.indexOf(doomed), 1);
    await eventually(async () => expect(await serf.statuses()).toMatchObject({ 'tenon-3': 'failed' }), {
      withinMs: 30_000,
    });
    await eventually(() => expect(namesOf(first, 'dead')).toEqual(['tenon-3']), { withinMs: 10_000 });

    // Theirs does.
    await other.kill();
    await eventually(() => expect(namesOf(first, 'dead')).toContain('serf-2'), { withinMs: 30_000 });
    await eventually(async () => expect(await serf.statuses()).toMatchObject({ 'serf-2': 'failed' }), {
      withinMs: 10_000,
    });
    expect(await serf.statuses()).toMatchObject({ 'serf-1': 'alive', 'tenon-1': 'alive', 'tenon-2': 'alive' });
    expect(namesOf(first, 'alive')).toEqual(['serf-1', 'tenon-1', 'tenon-2']);
  });
});

async function bothAgree(serf: SerfAgent, names: readonly string[]): Promise<void> {
  await eventually(
    async () => {
      expect(await serf.statuses()).toEqual(Object.fromEntries(names.map((name) => [name, 'alive'])));
      for (const member of cluster.members) expect(namesOf(member, 'alive')).toEqual(names);
    },
    { withinMs: 15_000, everyMs: 200 },
  );
}
