import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Keyring, type Member } from '../src/index.js';
import { writeAlive, writePing, writeSuspect } from '../src/wire/message.js';
import { writeFields } from '../src/wire/msgpack.js';
import { closePacket } from '../src/wire/packet.js';
import { TestCluster, type TestMember } from './cluster.js';
import { eventually } from './eventually.js';
import { hostilePackets } from './hostile-packets.js';
import { Loopback } from './loopback.js';

let cluster: TestCluster;

beforeEach(() => {
  cluster = new TestCluster();
});

afterEach(() => cluster.close());

describe.each([
  ['without a key', false],
  ['with a key', true],
])('packets of a stranger, %s', (_title, isKeyed) => {
  test('a hundred thousand crash nothing and fill nothing', { timeout: 120_000 }, async () => {
    const { refused, grownBytes, isAlive } = await hostilePackets(50_000, isKeyed);
    expect(isAlive).toBe(true);
    expect(refused).toBeGreaterThan(5_000);
    expect(grownBytes).toBeLessThan(32 * 1_024 * 1_024);
  });
});

describe('a member with a key', () => {
  const key = randomBytes(32);
  let loopback: Loopback;
  let member: TestMember;

  beforeEach(async () => {
    loopback = new Loopback();
    member = await cluster.add('target', { transport: loopback, keys: [key] });
  });

  test('answers nobody who does not have it', () => {
    loopback.deliver(ping());
    loopback.deliver(closePacket(ping(), new Keyring([randomBytes(32)]), false));
    expect([loopback.sent.length, member.refused]).toEqual([0, 2]);
    loopback.deliver(closePacket(ping(), new Keyring([key]), false));
    expect([loopback.sent.length, member.refused]).toEqual([1, 2]);
  });

  test('refuses a packet that was changed on the way, wherever', () => {
    const packet = closePacket(ping(), new Keyring([key]), true);
    for (let at = 0; at < packet.length; at += 1) {
      const changed = Buffer.from(packet);
      changed[at] = (changed[at] ?? 0) ^ 0x40;
      loopback.deliver(changed);
    }
    expect([loopback.sent.length, member.refused]).toEqual([0, packet.length]);
  });

  test('is not made to doubt by what is replayed', () => {
    const keyring = new Keyring([key]);
    const accusation = closePacket(writeSuspect({ incarnation: 1, node: 'target', from: 'x' }), keyring, false);
    loopback.deliver(accusation);
    const { incarnation } = member.self;
    expect(incarnation).toBe(2);
    // What accused an earlier incarnation accuses nobody any more.
    for (let time = 0; time < 100; time += 1) loopback.deliver(accusation);
    expect(member.self).toMatchObject({ incarnation, state: 'alive' });
  });

  test('understands a key that is installed, speaks the one in use, and forgets one that is removed', () => {
    const next = randomBytes(16);
    member.keyring.install(next);
    loopback.deliver(closePacket(ping(), new Keyring([next]), false));
    expect(loopback.sent).toHaveLength(1);
    expect(() => member.keyring.remove(key)).toThrow(/FailedPrecondition/);
    member.keyring.use(next);
    member.keyring.remove(key);
    loopback.deliver(closePacket(ping(), new Keyring([key]), false));
    expect([loopback.sent.length, member.refused]).toEqual([1, 1]);
    expect(() => member.keyring.use(key)).toThrow(/not installed/);
    expect(() => member.keyring.install(Buffer.alloc(5))).toThrow(/16, 24 or 32 bytes/);
  });
});

test('a cluster changes its key without losing anybody', async () => {
  const [old, next] = [randomBytes(16), randomBytes(32)];
  await cluster.addMany(3, { profile: 'local', keys: [old] });
  const each = (change: (member: TestMember) => void): void => cluster.members.forEach(change);
  each(({ keyring }) => keyring.install(next));
  each(({ keyring }) => keyring.use(next));
  each(({ keyring }) => keyring.remove(old));
  await cluster.add('late', { profile: 'local', keys: [next] });
  await cluster.agreed(5_000);
  expect(cluster.members.flatMap(({ changes }) => changes.filter(([, change]) => change !== 'joined'))).toEqual([]);
});

test('a forged name is one member: the address of who lives is not taken over', () => {
  return withTarget(async (loopback, member) => {
    const alive = (port: number, incarnation: number): Buffer => {
      const address = Buffer.from([127, 0, 0, 1]);
      const versions = Buffer.from([1, 5, 2, 0, 0, 0]);
      return writeAlive({ incarnation, node: 'other', address, port, meta: Buffer.alloc(0), versions });
    };
    loopback.deliver(alive(1, 1));
    loopback.deliver(alive(2, 99));
    expect(member.members.find(({ name }: Member) => name === 'other')?.address.port).toBe(1);
  });
});

describe('streams of a stranger', () => {
  test.each([
    [
      'a state that announces a million members',
      [6, ...writeFields({ Nodes: 1_000_000, UserStateLen: 0, Join: true })],
    ],
    ['a state that announces two gigabytes', [6, ...writeFields({ Nodes: 0, UserStateLen: 0x7fffffff, Join: true })]],
    ['an encrypted message, where there is no key', [10, 0, 0, 0, 50, ...Buffer.alloc(50)]],
    ['a message of no kind that is known', [99, 1, 2, 3]],
    ['a compressed message that is none', [9, ...writeFields({ Algo: 0, Buf: Buffer.from([0xff, 0xff, 0xff]) })]],
    ['a message larger than any', [8, ...writeFields({ UserMsgLen: 0x10000000 })]],
  ])('%s is closed', async (_title, bytes) => {
    const member = await cluster.add('target', { profile: 'local' });
    const socket = await opened(member);
    socket.write(Buffer.from(bytes));
    await once(socket, 'close');
    await eventually(() => expect(member.refused).toBe(1), { withinMs: 1_000 });
  });

  test('one that says nothing is closed after the time of the profile', async () => {
    const member = await cluster.add('target', { profile: 'local', times: { streamTimeoutMs: 100 } });
    await once(await opened(member), 'close');
    await eventually(() => expect(member.refused).toBe(1), { withinMs: 1_000 });
  });

  test('many that announce much hold 32 MiB together at most, and others are served meanwhile', async () => {
    const member = await cluster.add('target', { profile: 'lan' });
    const sockets = await Promise.all(Array.from({ length: 8 }, () => opened(member)));
    const head = Buffer.from([8, ...writeFields({ UserMsgLen: 19 * 1_024 * 1_024 })]);
    for (const socket of sockets) socket.write(Buffer.concat([head, Buffer.alloc(8 * 1_024 * 1_024)]));
    await eventually(() => expect(member.refused).toBeGreaterThanOrEqual(4), { withinMs: 10_000 });
    await cluster.add('friend', { profile: 'lan', seeds: [member.address] });
    for (const socket of sockets) socket.destroy();
    await cluster.agreed(5_000);
  });
});

async function opened(member: TestMember): Promise<Socket> {
  const { host, port } = member.self.address;
  const socket = connect(port, host);
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

async function withTarget(check: (loopback: Loopback, member: TestMember) => Promise<void>): Promise<void> {
  const loopback = new Loopback();
  await check(loopback, await cluster.add('target', { transport: loopback }));
}

function ping(): Buffer {
  const source = { sourceAddress: Buffer.from([127, 0, 0, 1]), sourcePort: 9, sourceNode: 'x' };
  return writePing({ sequence: 7, node: 'target', ...source });
}

test('a message in pieces of the stream arrives whole', async () => {
  const first = await cluster.add('first', { profile: 'local' });
  const second = await cluster.add('second', { profile: 'local' });
  const large = randomBytes(3 * 1_024 * 1_024);
  await first.tell(second.self, large);
  expect(second.heard[0]?.equals(large)).toBe(true);
});
