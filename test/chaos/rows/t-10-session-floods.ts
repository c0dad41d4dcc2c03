import { http2Frame, http2Types } from '../../wire/http2-frames.js';
import { mib, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { afterwards, growthOf } from '../lab/memory-growth.js';
import { answeredCall, type Http2Wire, http2Peer, http2Wires } from '../raw/http2-peer.js';
import type { RawPeer } from '../raw/raw-peer.js';

export const sessionFloods: Row = {
  id: 'T-10',
  fault:
    'WINDOW_UPDATE that overflows, SETTINGS floods, PINGs that nobody reads, on 1,500 connections a wire (long: 10,000)',
  bar: 'sessions are freed: RSS returns to ± 5 MiB of what as many ordinary connections leave',

  async run(lab, { isLong, note }) {
    const flags = ['--expose-gc'];
    const each = (isLong ? 10_000 : 1_500) / measurements;
    const odd: string[] = [];
    const found: { readonly wire: Http2Wire; readonly grownBytes: number }[] = [];
    let n = 0;
    for (const wire of http2Wires) {
      const node = await (await lab.fleet({ wire })).start({ flags });
      const comparison = {
        harmless: () =>
          inTurn(each, async () => {
            await using peer = await http2Peer(wire, node.address);
            await answeredCall(wire, peer);
          }),
        attack: () =>
          inTurn(each, async (index) => {
            const [what, flood] = floods[index % floods.length] as (typeof floods)[number];
            await using peer = await http2Peer(wire, node.address);
            n += 1;
            if (!(await flood(peer))) odd.push(`${what} over ${wire}`);
          }),
      };
      const [grownBytes = Number.NaN] = await growthOf([node], comparison, afterwards);
      found.push({ wire, grownBytes });
      note(`${wire} done`);
    }
    return {
      n,
      figure: `${found.map(({ wire, grownBytes }) => `${wire}: RSS +${mib(grownBytes)}`).join('; ')}; ${number(n - odd.length)} of ${number(n)} connections closed`,
      passed: odd.length === 0 && found.every(({ grownBytes }) => grownBytes <= 5 * 1_048_576),
      ...(odd.length === 0 ? {} : { notes: `not closed: ${[...new Set(odd)].join(', ')}` }),
    };
  },
};

/** As often as {@link growthOf} attacks. */
const measurements = 5;

/** Resolves with whether the node closed the connection, or answered with its end. */
const floods: readonly (readonly [what: string, flood: (peer: RawPeer) => Promise<boolean>])[] = [
  [
    'a window that overflows',
    async (peer) => {
      const most = Buffer.from([0x7f, 0xff, 0xff, 0xff]);
      const update = http2Frame(http2Types.windowUpdate, 0, 0, most);
      peer.send(update, update);
      return await peer.closed(5_000);
    },
  ],
  [
    'a flood of settings',
    async (peer) => {
      const flood = Buffer.concat(
        Array.from({ length: 1_000 }, (_, n) =>
          http2Frame(http2Types.settings, 0, 0, Buffer.from([0, 4, 0, 1, n >> 8, n & 255])),
        ),
      );
      for (let round = 0; round < 20 && peer.isOpen; round += 1) await peer.sendWhole(flood);
      return await peer.closed(5_000);
    },
  ],
  [
    'pings whose answers nobody reads',
    async (peer) => {
      peer.socket.pause();
      const flood = Buffer.concat(
        Array.from({ length: 5_000 }, () => http2Frame(http2Types.ping, 0, 0, Buffer.alloc(8))),
      );
      for (let round = 0; round < 40 && peer.isOpen; round += 1) peer.send(flood);
      peer.socket.resume();
      return await peer.closed(5_000);
    },
  ],
];

/** A few at a time. */
async function inTurn(count: number, one: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await one(next - 1);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}
