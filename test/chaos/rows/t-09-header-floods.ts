import { endHeaders, endStream, hasFrame, hpackText, http2Frame, http2Types } from '../../wire/http2-frames.js';
import { mib, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { growthOf, peak } from '../lab/memory-growth.js';
import { answeredCall, callBlock, type Http2Wire, http2Peer, http2Wires } from '../raw/http2-peer.js';

export const headerFloods: Row = {
  id: 'T-09',
  fault: 'HTTP/2 heads without end: CONTINUATION floods, HPACK that unfolds to 30 MB, 10,000 fields, a list of 1 MiB',
  bar: 'refused at the limit of 16 KiB; RSS ≤ +8 MiB',

  async run(lab) {
    // A small young generation, so that garbage of connections is not taken for memory that a head has claimed.
    const flags = ['--max-semi-space-size=1'];
    const sites = await Promise.all(
      http2Wires.map(async (wire) => ({ wire, node: await (await lab.fleet({ wire })).start({ flags }) })),
    );
    const odd: string[] = [];
    let n = 0;
    const comparison = {
      harmless: async () => {
        for (const { wire, node } of sites) {
          for (let time = 0; time < rounds * attacks.length; time += 1) {
            await using peer = await http2Peer(wire, node.address);
            await answeredCall(wire, peer);
          }
        }
      },
      attack: async () => {
        for (const { wire, node } of sites) {
          for (let time = 0; time < rounds * attacks.length; time += 1) {
            const [what, frames] = attacks[time % attacks.length] as (typeof attacks)[number];
            if (!(await isRefused(wire, node.address, frames(wire)))) odd.push(`${what} over ${wire}`);
            n += 1;
          }
        }
      },
    };
    const nodes = sites.map(({ node }) => node);
    const grown = await growthOf(nodes, comparison, peak);
    const executions = (await Promise.all(nodes.map((node) => node.report()))).map((report) => report.executions);
    const meant = 8 * rounds * attacks.length;
    const reached = executions.reduce((sum, one) => sum + one - meant, 0);
    return {
      n,
      figure: `${number(n - odd.length)} of ${number(n)} refused, ${number(reached)} reached a handler; peak RSS ${http2Wires
        .map((wire, index) => `+${mib(Math.max(0, grown[index] ?? Number.NaN))} (${wire})`)
        .join(', ')}`,
      passed: odd.length === 0 && reached === 0 && grown.every((bytes) => bytes <= 8 * 1_048_576),
      ...(odd.length === 0 ? {} : { notes: `not refused: ${[...new Set(odd)].join(', ')}` }),
    };
  },
};

const rounds = 5;

/** Frames to be sent one after another, until the connection is closed. */
const attacks: readonly (readonly [what: string, frames: (wire: Http2Wire) => Iterable<Buffer>])[] = [
  ['a CONTINUATION flood', continuations],
  ['HPACK that unfolds', (wire) => inFrames(bomb(wire))],
  [
    '10,000 fields',
    (wire) =>
      inFrames(
        callBlock(
          wire,
          Array.from({ length: 10_000 }, (_, n) => [`x-${n}`, '']),
        ),
      ),
  ],
  ['a list of 1 MiB', (wire) => inFrames(callBlock(wire, [['x', 'y'.repeat(1_048_576)]]))],
];

/** Its stream is reset or answered with an error, or its connection is closed. */
async function isRefused(wire: Http2Wire, address: string, frames: Iterable<Buffer>): Promise<boolean> {
  await using peer = await http2Peer(wire, address);
  peer.forget();
  for (const bytes of frames) {
    if (!peer.isOpen) break;
    await peer.sendWhole(bytes);
  }
  const { reset, headers, goAway } = http2Types;
  const isAnswered = (bytes: Buffer): boolean => [reset, headers, goAway].some((type) => hasFrame(bytes, type));
  // Closed counts as well, and what was executed is counted apart.
  return await peer.until(isAnswered, 5_000).then(
    () => true,
    () => false,
  );
}

/** A head that begins and never ends: 64 MiB of fields. */
function* continuations(wire: Http2Wire): Iterable<Buffer> {
  yield http2Frame(http2Types.headers, endStream, 1, callBlock(wire));
  const piece = http2Frame(
    http2Types.continuation,
    0,
    1,
    Buffer.concat([Buffer.of(0), hpackText('x'), hpackText('y'.repeat(8_000))]),
  );
  for (let count = 0; count < 8_192; count += 1) yield piece;
}

/** One field of 3 KB goes into the table of both sides, and 10,000 bytes bring it back as often. */
function bomb(wire: Http2Wire): Buffer {
  const remembered = Buffer.concat([Buffer.of(0x40), hpackText('x'), hpackText('y'.repeat(3_000))]);
  return Buffer.concat([callBlock(wire), remembered, Buffer.alloc(10_000, 0xbe)]);
}

/** A block in as many frames as it takes. */
function* inFrames(block: Buffer): Iterable<Buffer> {
  for (let at = 0; at < block.length; at += mostInFrame) {
    const last = at + mostInFrame >= block.length ? endHeaders : 0;
    const part = block.subarray(at, at + mostInFrame);
    yield at === 0
      ? http2Frame(http2Types.headers, last | endStream, 1, part)
      : http2Frame(http2Types.continuation, last, 1, part);
  }
}

const mostInFrame = 16_384;
