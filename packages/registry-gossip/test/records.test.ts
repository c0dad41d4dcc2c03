import { randomBytes } from 'node:crypto';
import type { Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { createGossip, type Gossip, SocketTransport } from '@tenon/gossip';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeUpdate } from '../src/wire/update.js';
import { eventually } from './eventually.js';
import { Fleet } from './fleet.js';
import { idsOf, recordOf } from './sample-record.js';

let fleet: Fleet;
const strangers: Gossip[] = [];

beforeEach(() => {
  fleet = new Fleet();
});

afterEach(async () => {
  await fleet.close();
  await Promise.all(strangers.splice(0).map((stranger) => stranger.close()));
});

describe('records', () => {
  test.each([
    ['of 300 bytes', 0],
    ['of 2 KiB', 2_000],
    ['of 100 KiB that pack badly', 75_000],
  ])('%s reach who is there and who comes later, are renewed, and go', async (_title, bytes) => {
    const [first, second] = [await fleet.add(), await fleet.add()];
    const record = recordOf('greeter', 'n1', { blob: randomBytes(bytes).toString('base64') });
    const lease = await first.register(record, { ttlMs: 3_000 });
    await eventually(async () => expect(await second.lookup('greeter')).toEqual([record]), { withinMs: 5_000 });
    const third = await fleet.add();
    expect(await third.lookup('greeter')).toEqual([record]);
    await outlives(first, 3_000);
    expect(await third.lookup('greeter')).toEqual([record]);
    await lease.release();
    for (const registry of [second, third]) {
      await eventually(async () => expect(await registry.lookup('greeter')).toEqual([]), { withinMs: 2_000 });
    }
  });

  test('a record that is too large to be spread is refused by name', async () => {
    const registry = await fleet.add();
    const record = recordOf('greeter', 'n1', { blob: randomBytes(380_000).toString('base64') });
    await expect(registry.register(record, { ttlMs: 3_000 })).rejects.toMatchObject({ code: 'InvalidArgument' });
  });

  test('the entries of a member that died go with it, before their time to live is over', async () => {
    const [first, second, doomed] = [await fleet.add(), await fleet.add(), await fleet.add()];
    await doomed.register(recordOf('greeter', 'n1'), { ttlMs: 3_600_000 });
    await eventually(async () => expect(idsOf(await second.lookup('greeter'))).toEqual(['n1']), { withinMs: 2_000 });
    fleet.crash(doomed);
    for (const registry of [first, second]) {
      await eventually(async () => expect(await registry.lookup('greeter')).toEqual([]), { withinMs: 15_000 });
    }
  });
});

describe('a stranger who speaks as go-micro does', () => {
  const service = {
    ...{ name: 'greeter', version: '1.0.0', metadata: null, endpoints: null },
    nodes: [{ id: 'go-1', address: '10.0.0.1:1', metadata: { protocol: 'mucp' } }],
  };
  let registry: Registry;
  let heard: Buffer[];
  let state: Buffer;
  let stranger: Gossip;

  beforeEach(async () => {
    registry = await fleet.add();
    heard = [];
    state = Buffer.from(JSON.stringify({ joined: [{ ...service, name: 'joined' }, 7, { name: 'bad', nodes: [{}] }] }));
    stranger = await strange(
      registry,
      (bytes) => heard.push(bytes),
      () => state,
    );
  });

  test('is found by what it spreads and by what it told when it joined', async () => {
    expect(idsOf(await registry.lookup('joined'))).toEqual(['go-1']);
    spread({ expiresAt: Date.now() + 60_000 });
    await eventually(async () => expect(idsOf(await registry.lookup('greeter'))).toEqual(['go-1']), {
      withinMs: 2_000,
    });
    spread({ action: 'delete' });
    await eventually(async () => expect(await registry.lookup('greeter')).toEqual([]), { withinMs: 2_000 });
  });

  test('is gone when its time is over, and never there where it was over before', async () => {
    spread({ expiresAt: Date.now() - 1 });
    spread({ expiresAt: Date.now() + 1_000, data: Buffer.from(JSON.stringify({ ...service, name: 'brief' })) });
    await eventually(async () => expect(idsOf(await registry.lookup('brief'))).toEqual(['go-1']), { withinMs: 900 });
    expect(await registry.lookup('greeter')).toEqual([]);
    await eventually(async () => expect(await registry.lookup('brief')).toEqual([]), { withinMs: 3_000 });
  });

  test('finds ours in its own form, as JSON it knows', async () => {
    await registry.register(recordOf('ours', 'n1'), { ttlMs: 15_000 });
    await eventually(() => expect(heard.some((bytes) => bytes.includes('"name":"ours"'))).toBe(true), {
      withinMs: 2_000,
    });
    const update = heard.find((bytes) => bytes.includes('"name":"ours"'));
    expect(update?.length).toBeLessThanOrEqual(512);
    expect(update?.includes('application/json')).toBe(true);
  });

  test('with rubbish disturbs nobody', async () => {
    const rubbish = [
      ...[Buffer.alloc(0), Buffer.from('null'), Buffer.from('{'), randomBytes(300), Buffer.from('[]')],
      ...[{ nodes: null }, { nodes: [] }, { name: 7 }, { nodes: [{ id: 'x' }] }, { metadata: { a: 1 } }].map((wrong) =>
        Buffer.from(JSON.stringify({ ...service, ...wrong })),
      ),
    ];
    for (const data of rubbish) spread({ expiresAt: Date.now() + 60_000, data });
    stranger.spread(randomBytes(400));
    stranger.spread(Buffer.from([0x54, 9, 9]));
    await registry.register(recordOf('ours', 'n1'), { ttlMs: 15_000 });
    spread({ expiresAt: Date.now() + 60_000 });
    await eventually(async () => expect(await registry.list()).toEqual(['greeter', 'joined', 'ours']), {
      withinMs: 3_000,
    });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('that replays or forges our entries brings back nothing and takes nothing away', async () => {
    const lease = await registry.register(recordOf('ours', 'n1'), { ttlMs: 15_000 });
    const isOurs = (bytes: Buffer): boolean => bytes.includes('"name":"ours"');
    await eventually(() => expect(heard.some(isOurs)).toBe(true), { withinMs: 2_000 });
    const made = heard.find(isOurs)!;
    await lease.release();
    stranger.spread(made);
    stranger.hurry();
    await crossed();
    expect(await registry.lookup('ours')).toEqual([]);
    await registry.register(recordOf('ours', 'n1'), { ttlMs: 15_000 });
    const { name: owner } = stranger.members.find(({ name }) => name !== 'stranger')!;
    const json = Buffer.from(JSON.stringify({ ...service, name: 'ours', nodes: [{ id: 'n1', address: '6.6.6.6:6' }] }));
    const origin = { owner, stamp: Date.now() * 1_000 + 10_000_000, ttlMs: 60_000 };
    stranger.spread(writeUpdate({ action: 'delete', expiresAt: 0, origin, data: json }));
    stranger.hurry();
    await crossed();
    expect(idsOf(await registry.lookup('ours'))).toEqual(['n1']);
  });

  function spread(update: Partial<Parameters<typeof writeUpdate>[0]>): void {
    const data = Buffer.from(JSON.stringify(service));
    stranger.spread(writeUpdate({ ...{ action: 'create', expiresAt: 0, origin: undefined, data }, ...update }));
    stranger.hurry();
  }

  /** What was spread before has arrived once something that was spread after it has. */
  async function crossed(): Promise<void> {
    const name = `marker-${randomBytes(4).toString('hex')}`;
    spread({ expiresAt: Date.now() + 60_000, data: Buffer.from(JSON.stringify({ ...service, name })) });
    await eventually(async () => expect(await registry.list()).toContain(name), { withinMs: 2_000 });
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
});

/** Waits until an entry of as long a life, made now and not renewed, is gone. */
async function outlives(registry: Registry, ttlMs: number): Promise<void> {
  const hourglass = await fleet.add();
  await hourglass.register(recordOf('hourglass', 'sand'), { ttlMs });
  await eventually(async () => expect(idsOf(await registry.lookup('hourglass'))).toEqual(['sand']), {
    withinMs: 2_000,
  });
  fleet.crash(hourglass);
  await eventually(async () => expect(await registry.lookup('hourglass')).toEqual([]), { withinMs: ttlMs * 2 + 2_000 });
}

async function strange(
  registry: Registry,
  onMessage: (bytes: Buffer) => void,
  localState: () => Buffer,
): Promise<Gossip> {
  const stranger = createGossip(
    {
      name: 'stranger',
      profile: 'local',
      seeds: [fleet.addressOf(registry)],
      transport: new SocketTransport({ host: '127.0.0.1', ports: [0] }),
    },
    { onMessage, localState, mergeState: () => {}, onMember: () => {} },
    silentLogger(),
    systemClock(),
  );
  strangers.push(stranger);
  await stranger.start();
  return stranger;
}
