import { failuresOf, mib, number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { Lab } from '../lab/lab.js';
import type { Wire } from '../lab/wire.js';
import { textOf } from '../nodes/stream-loads.js';
import { clientTls } from '../raw/client-tls.js';
import { RawPeer } from '../raw/raw-peer.js';
import { frame, frameTypes, idOf, TenonPeer } from '../raw/tenon-frames.js';

export const overTheLimit: Row = {
  id: 'T-07',
  fault: 'a message of 4 MiB and a byte, from a client of ours and from a peer that just sends it',
  bar: 'ResourceExhausted on that call only, others of the connection go on; ≤ limit + 64 KiB buffered',
  transports: 'each',
  together: 'all',
  tests: [
    {
      file: 'packages/transport-tcp/test/hostile.test.ts',
      titles: [
        'a request over the limit is refused for that call only, while its rest still comes',
        'requests that are never whole end when they take 16 MiB, the last one first',
      ],
    },
    {
      file: 'packages/transport-http/test/http2.test.ts',
      titles: ['a body over the limit is answered 413, and the session goes on'],
    },
    {
      file: 'packages/transport-http/test/hostile.test.ts',
      titles: ['a body that never ends is read no further than twice the limit'],
    },
    { file: 'test/e2e/bad-handlers.test.ts', titles: ['a reply over 4 MiB is an error that says it ran'] },
  ],

  async run(lab, { wire, tested }) {
    const tests = await tested();
    const fleet = await lab.fleet();
    const node = await fleet.start(wire === 'memory' ? {} : { flags: ['--expose-gc'] });
    const caller = await fleet.caller();
    const load = { endpoint: 'once', rate: 50, durationMs: 3_000, options: { timeoutMs: 5_000 } } as const;
    const others = caller.load({ ...load, name: 'others' });
    const codes: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      const request = { text: textOf(limitBytes + 1) };
      const found = await caller.call({
        name: `large-${n}`,
        endpoint: 'once',
        request,
        options: { timeoutMs: 10_000 },
      });
      codes.push('code' in found ? found.code : 'none');
    }
    const beside = await others;
    const isRefused = codes.every((code) => code === 'ResourceExhausted');

    const raw = wire === 'memory' ? undefined : await heldFor(lab, wire, node.address, node);
    const held =
      raw === undefined
        ? 'nothing is copied'
        : `buffered at most ${mib(raw.heldBytes)} (${number(raw.heldBytes)} bytes, and ${number(raw.besideBytes)} for the connection)`;
    const others2 = await caller.load({ ...load, name: 'after', durationMs: 500 });
    return {
      n: codes.length + beside.sent,
      figure: [
        `ours: ${[...new Set(codes)].join(', ')}`,
        ...(raw === undefined ? [] : [`a peer's: ${raw.answer}`]),
        `others failed: ${shareOf(beside.failed + others2.failed, beside.sent + others2.sent)}`,
        held,
        `and ${tests} tests`,
      ].join('; '),
      passed:
        isRefused &&
        beside.failed + others2.failed === 0 &&
        (raw === undefined || (raw.isRefused && raw.heldBytes <= limitBytes + 64 * 1_024)),
      ...(beside.failed + others2.failed === 0 ? {} : { notes: failuresOf([...beside.failures, ...others2.failures]) }),
    };
  },
};

/** Sends a message over the limit by hand, in pieces, and measures what the node holds meanwhile. */
async function heldFor(
  _lab: Lab,
  wire: Wire,
  address: string,
  node: { watchHeld(): Promise<void>; mostHeld(): Promise<number> },
) {
  const attack = attacks[wire as keyof typeof attacks];
  const heldWhile = async (act: () => Promise<unknown>): Promise<number> => {
    // Twice: the first one pays for what is made once.
    await act();
    await node.watchHeld();
    await act();
    return await node.mostHeld();
  };
  // What a connection and its reads need is not what it buffers of a message.
  const besideBytes = Math.max(0, (await heldWhile(() => attack(address, smallBytes))) - smallBytes);
  let answer = '';
  const heldBytes = await heldWhile(async () => {
    answer = await attack(address, limitBytes);
  });
  return { answer, heldBytes: heldBytes - besideBytes, besideBytes, isRefused: /413|ResourceExhausted/.test(answer) };
}

const limitBytes = 4 * 1_024 * 1_024;
const pieceBytes = 32 * 1_024;
/** A message far below the limit, which is given up. */
const smallBytes = 2 * pieceBytes;
/** Each sends so much and, where that is the limit, what is over it; else it leaves in the middle. Returns what was answered. */
const attacks = {
  'tenon/1': async (address: string, bytes: number): Promise<string> => {
    const tenon = await TenonPeer.greeted(address);
    await using peer = tenon.peer;
    return await sendTenon(peer, tenon, bytes);
  },
  // What stands behind TLS is the same, and its frames stand alone: a body over HTTP/1.1 on the same port is not served there.
  'tenon/1+tls': async (address: string, bytes: number): Promise<string> => {
    const tenon = await TenonPeer.greeted(address, clientTls(['tenon/1']));
    await using peer = tenon.peer;
    return await sendTenon(peer, tenon, bytes);
  },
  'http/1.1': async (address: string, bytes: number): Promise<string> => {
    await using peer = await RawPeer.open(address);
    return await sendChunked(peer, bytes);
  },
  'h2+tls': async (address: string, bytes: number): Promise<string> => {
    await using peer = await RawPeer.openTls(address, clientTls(['http/1.1']));
    return await sendChunked(peer, bytes);
  },
} as const;

async function sendTenon(peer: RawPeer, tenon: TenonPeer, bytes: number): Promise<string> {
  const piece = Buffer.alloc(pieceBytes, 0x20);
  await peer.sendWhole(tenon.bytesOf(tenon.call(0, 1, undefined, { more: true, raw: piece })));
  const isWhole = bytes === limitBytes;
  for (let sent = pieceBytes; sent < (isWhole ? limitBytes + 3 * pieceBytes : bytes); sent += pieceBytes) {
    const isLast = sent > limitBytes + pieceBytes;
    const type = frameTypes.requestRest | (isLast ? 0 : frameTypes.more);
    await peer.sendWhole(tenon.bytesOf(frame(type, idOf(0), piece)));
  }
  if (!isWhole) return await left();
  if ((await tenon.answer(0, 1)) !== 'error') return 'no error';
  await peer.sendWhole(tenon.bytesOf(tenon.call(1, 1, { id: 'beside' })));
  return (await tenon.answer(1, 1)) === 'reply'
    ? `${tenon.codeOf(0, 1)}, and the connection goes on`
    : 'the connection ended';
}

async function sendChunked(peer: RawPeer, bytes: number): Promise<string> {
  peer.send(
    'POST /target/Target.Work HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
  );
  const chunk = Buffer.concat([
    Buffer.from(`${pieceBytes.toString(16)}\r\n`),
    Buffer.alloc(pieceBytes, 0x20),
    Buffer.from('\r\n'),
  ]);
  const isWhole = bytes === limitBytes;
  const most = isWhole ? limitBytes + 5 * pieceBytes : bytes;
  for (let sent = 0; sent < most && peer.bytes.length === 0; sent += pieceBytes) await peer.sendWhole(chunk);
  if (!isWhole) return await left();
  await peer.until((found) => found.includes('\r\n\r\n'));
  return peer.bytes.toString('latin1').slice(0, 12);
}

/** Leaves time for the node to have read everything. */
async function left(): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 200));
  return 'left';
}
