import { eventually, recordOf, WatchedSet } from '@tenon/conformance';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { zookeeperClient } from './fixture.js';
import { ZookeeperServer } from './zookeeper-server.js';

let members: readonly ZookeeperServer[];

beforeAll(async () => {
  members = await ZookeeperServer.ensemble();
});

afterAll(() => Promise.all(members.map((member) => member.dispose())));

it('a lookup at one member sees at once what was registered at another, each of 60 times', async () => {
  const [writer, reader] = [0, 1].map((index) => zookeeperClient({ endpoints: [endpoint(index)] }));
  if (writer === undefined || reader === undefined) throw new Error('two clients');
  for (let time = 1; time <= 60; time++) {
    const lease = await writer.register(recordOf('strong', `n${time}`), { ttlMs: 20_000 });
    expect(ids(await reader.lookup('strong'))).toEqual([`n${time}`]);
    await lease.release();
    expect(await reader.lookup('strong')).toEqual([]);
  }
  await Promise.all([writer.close(), reader.close()]);
});

it('without a majority writes and lookups are refused, the cached set is served, and all of it heals', async () => {
  const local = zookeeperClient({ endpoints: members.map((member) => member.endpoint), reads: 'local' });
  const registry = zookeeperClient({ endpoints: members.map((member) => member.endpoint) });
  expect(registry.capabilities.consistency).toEqual({
    register: { level: 'strong', whenCutOff: 'refuses' },
    lookup: { level: 'strong', whenCutOff: 'refuses' },
    cachedCall: { level: 'eventual', whenCutOff: 'answers' },
  });
  expect(local.capabilities.consistency.lookup).toEqual({ level: 'eventual', whenCutOff: 'refuses' });
  const lease = await registry.register(recordOf('greeter', 'n1'), { ttlMs: 3_000 });
  const watched = new WatchedSet(registry, 'greeter');
  await eventually(() => expect(watched.ids).toEqual(['n1']), { withinMs: 5_000 });

  await Promise.all([members[1]?.kill(), members[2]?.kill()]);
  // The member that is left needs a moment to know that it is alone, and says nothing to anybody from then on.
  await eventually(() => expect(watched.errors).toHaveLength(1), { withinMs: 20_000 });
  for (const client of [registry, local]) {
    const writing = client.register(recordOf('greeter', 'n2'), { ttlMs: 3_000 });
    await expect(writing).rejects.toMatchObject({ code: 'Unavailable' });
    await expect(client.lookup('greeter')).rejects.toMatchObject({ code: 'Unavailable' });
    await expect(client.list()).rejects.toMatchObject({ code: 'Unavailable' });
  }
  await eventually(() => expect(lease.state).toBe('lost'), { withinMs: 10_000 });
  // Stale, which is better than nothing: calls by name go on.
  expect(watched.sets).toEqual([['n1']]);

  await Promise.all([members[1]?.restart(), members[2]?.restart()]);
  const healedAt = performance.now();
  await eventually(() => expect(lease.state).toBe('held'), { withinMs: 15_000, everyMs: 20 });
  process.stdout.write(`registered again ${Math.round(performance.now() - healedAt)} ms after the majority was back\n`);
  await registry.register(recordOf('greeter', 'n3'), { ttlMs: 3_000 });
  await eventually(() => expect(watched.ids).toEqual(['n1', 'n3']), { withinMs: 15_000, everyMs: 20 });
  process.stdout.write(
    `the watch was whole ${Math.round(performance.now() - healedAt)} ms after the majority was back\n`,
  );
  expect(ids(await registry.lookup('greeter'))).toEqual(['n1', 'n3']);
  expect(watched.sets.filter((set) => !set.includes('n1'))).toEqual([]);
  await watched.leave();
  await Promise.all([registry.close(), local.close()]);
}, 90_000);

function endpoint(index: number): string {
  return members[index]?.endpoint ?? '';
}

function ids(records: Awaited<ReturnType<ReturnType<typeof zookeeperClient>['lookup']>>): readonly string[] {
  return records.flatMap((record) => record.nodes.map((node) => node.id)).sort();
}
