import { randomBytes } from 'node:crypto';
import { Keyring } from '../src/index.js';
import { joinCompound } from '../src/wire/compound.js';
import { messageType, writeAlive, writeDead, writePing, writeSuspect } from '../src/wire/message.js';
import { writeFields } from '../src/wire/msgpack.js';
import { closePacket } from '../src/wire/packet.js';
import { TestCluster } from './cluster.js';
import { Loopback } from './loopback.js';

/** What became of a member that was sent hostile packets. */
export interface HostileResult {
  readonly refused: number;
  /** How much the heap has grown. */
  readonly grownBytes: number;
  /** Whether it still answers a ping, and names itself. */
  readonly isAlive: boolean;
  readonly longestMs: number;
}

/** Sends so many hostile packets to one member, past the kernel: none is lost, each is handled before the next. */
export async function hostilePackets(count: number, isKeyed: boolean): Promise<HostileResult> {
  const loopback = new Loopback();
  const cluster = new TestCluster();
  const key = randomBytes(16);
  const member = await cluster.add('target', { transport: loopback, ...(isKeyed ? { keys: [key] } : {}) });
  const keyring = new Keyring(isKeyed ? [key] : []);
  const samples = validPackets(keyring);
  let random = 42;
  const next = (below: number): number => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((random / 2 ** 32) * below);
  };
  const before = process.memoryUsage().heapUsed;
  let longestMs = 0;
  for (let sent = 0; sent < count; sent += 1) {
    const startedAt = performance.now();
    loopback.deliver(hostilePacket(samples, next, keyring));
    longestMs = Math.max(longestMs, performance.now() - startedAt);
    if (sent % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const grownBytes = process.memoryUsage().heapUsed - before;
  loopback.sent.length = 0;
  loopback.deliver(closePacket(ping('target'), keyring, false));
  const isAlive = loopback.sent.length === 1 && member.self.state === 'alive';
  const result = { refused: member.refused, grownBytes, isAlive, longestMs: Math.round(longestMs * 10) / 10 };
  await cluster.close();
  return result;
}

function validPackets(keyring: Keyring): readonly Buffer[] {
  const alive = {
    incarnation: 3,
    node: 'ghost',
    address: Buffer.from([127, 0, 0, 9]),
    port: 1,
    meta: Buffer.alloc(40),
  };
  const messages = [
    ping('target'),
    writeAlive({ ...alive, versions: Buffer.from([1, 5, 2, 0, 0, 0]) }),
    writeSuspect({ incarnation: 9, node: 'target', from: 'ghost' }),
    writeDead({ incarnation: 9, node: 'ghost', from: 'target' }),
    Buffer.concat([Buffer.of(messageType.user), randomBytes(200)]),
    Buffer.concat([Buffer.of(messageType.compressed), writeFields({ Algo: 0, Buf: bomb() })]),
  ];
  return [...messages, joinCompound(messages.slice(0, 4))].map((message) => closePacket(message, keyring, true));
}

/** Twelve-bit codes that each spell the one before and one byte more, 64 KiB and far beyond. */
function bomb(): Buffer {
  const codes = [256, 0, ...Array.from({ length: 900 }, (_, index) => 258 + index)];
  let bits = 0n;
  let width = 9n;
  let at = 0n;
  for (const [index, code] of codes.entries()) {
    bits |= BigInt(code) << at;
    at += width;
    if (index === 255 || index === 767) width += 1n;
  }
  const bytes = Buffer.alloc(Number(at / 8n) + 1);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = Number((bits >> BigInt(index * 8)) & 0xffn);
  return bytes;
}

function ping(node: string): Buffer {
  return writePing({ sequence: 7, node, sourceAddress: Buffer.from([127, 0, 0, 1]), sourcePort: 9, sourceNode: 'x' });
}

/** As it is (replayed), changed in one place, cut off, repeated, in the clear, or noise. */
function hostilePacket(samples: readonly Buffer[], next: (below: number) => number, keyring: Keyring): Buffer {
  const sample = Buffer.from(samples[next(samples.length)] ?? Buffer.alloc(1));
  const kind = next(6);
  if (kind === 0) return sample;
  if (kind === 1) sample[next(sample.length)] = next(256);
  if (kind === 2) return sample.subarray(0, next(sample.length));
  if (kind === 3) return Buffer.concat([sample, sample, sample]);
  if (kind === 4) return Buffer.from(Array.from({ length: next(1_400) }, () => next(256)));
  // Rightly sealed by somebody with the key who says nonsense.
  if (kind === 5) return closePacket(Buffer.from(Array.from({ length: 1 + next(64) }, () => next(256))), keyring, true);
  return sample;
}
