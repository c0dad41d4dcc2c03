import { mib, ms, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { FleetNode } from '../lab/fleet.js';
import type { Lab } from '../lab/lab.js';
import { LabProcess } from '../lab/lab-process.js';
import type { Wire } from '../lab/wire.js';
import type { Generated } from '../nodes/decoders.js';
import { Random } from '../nodes/random-frames.js';
import { type FrameStorm, http1Storm, http2Storm, tenonStorm } from '../raw/frame-storms.js';

export const generatedFrames: Row = {
  id: 'H-12',
  fault: '10^5 generated and damaged frames for each decoder (long: 10^6)',
  bar: '0 crashes, 0 hangs, ≤ 50 ms each, heap ≤ +64 MiB',
  tests: [
    {
      file: 'packages/transport-tcp/test/fuzz.test.ts',
      titles: [
        '100,000 generated frames neither break nor hang a server…',
        'any bytes at all, greeted or not, end in GOAWAY 3 or in silence',
      ],
    },
    {
      file: 'packages/transport-http/test/fuzz.test.ts',
      titles: [
        '100,000 generated responses are read…',
        '100,000 generated frames are read or refused, however they are cut',
      ],
    },
    { file: 'packages/core/test/port/http2-fuzz.test.ts', titles: ['100,000 generated frames break nothing'] },
    {
      file: 'packages/codec-msgpack/test/hostile.test.ts',
      titles: ['100,000 random and damaged messages are read or refused…'],
    },
    { file: 'packages/codec-protobuf/test/hostile.test.ts', titles: ['35,000 generated messages end…'] },
    {
      file: 'packages/codec-compiled/test/hostile.test.ts',
      titles: ['1000000 random and damaged values for each decoder…'],
    },
  ],

  async run(lab, { isLong, tested }) {
    const tests = await tested();
    const frames = isLong ? 1_000_000 : 100_000;
    const process = lab.own(await LabProcess.start('decoders', {}, { flags: ['--expose-gc'] }));
    const decoders = await process.ask<readonly Generated[]>('generated', frames, 300_000);
    const storms = [];
    for (const [wire, storm, seed] of [
      ['tenon/1', tenonStorm, 11],
      ['http/1.1', http1Storm, 12],
      ['h2+tls', http2Storm, 13],
    ] as const) {
      storms.push(await weather(lab, wire, storm, frames, new Random(seed)));
    }
    const slowest = Math.max(...decoders.map(({ slowestMs }) => slowestMs), ...storms.map(({ busyMs }) => busyMs));
    const grown = Math.max(
      ...decoders.map(({ heapGrowthBytes }) => heapGrowthBytes),
      ...storms.map(({ heapGrowthBytes }) => heapGrowthBytes),
    );
    const odd = [...decoders.flatMap((one) => one.odd), ...storms.flatMap((one) => one.odd)];
    const n = [...decoders.map(({ inputs }) => inputs), ...storms.map(({ sent }) => sent)].reduce(
      (sum, one) => sum + one,
      0,
    );
    return {
      n,
      figure: `${number(n)} frames for ${decoders.length + storms.length} decoders: ${odd.length} crashes, hangs or odd ends; slowest ${ms(slowest)}; heap +${mib(Math.max(0, grown))} at most; and ${tests} tests`,
      passed: odd.length === 0 && slowest <= 50 && grown <= 64 * 1_048_576,
      notes: [
        ...decoders.map((one) => `${one.decoder} ${ms(one.slowestMs)}, +${mib(one.heapGrowthBytes)}`),
        ...storms.map((one) => `${one.wire} busy for ${ms(one.busyMs)} at a stretch, +${mib(one.heapGrowthBytes)}`),
        ...odd.slice(0, 5),
      ].join('; '),
    };
  },
};

/** Storms against a real node, some connections at once, and a good call between them. */
async function weather(lab: Lab, wire: Wire, storm: FrameStorm, frames: number, random: Random) {
  const fleet = await lab.fleet({ wire });
  const node = await fleet.start({ logLevel: 'silent', flags: ['--expose-gc'] });
  const caller = await fleet.caller();
  const round = async (): Promise<number> => {
    // Few: how long the loop stands still for all of them bounds what one frame takes.
    const counts = await Promise.all(Array.from({ length: 6 }, () => storm(node, random)));
    return counts.reduce((sum, one) => sum + one, 0);
  };
  await round();
  const before = await node.heldNow();
  await node.report();
  const odd: string[] = [];
  let sent = 0;
  let busyMs = 0;
  let rounds = 0;
  let heapGrowthBytes = 0;
  while (sent < frames && odd.length === 0) {
    sent += await round();
    const good = await caller.call({ name: 'good', endpoint: 'work', options: { timeoutMs: 5_000 } });
    if (!('node' in good)) odd.push(`${wire} did not go on: ${good.message}`);
    const report = await reportOf(node);
    if (report === undefined) {
      odd.push(`${wire} crashed: ${node.process.errors.slice(-300)}`);
      break;
    }
    // What others of the machine took from it is no time of its own.
    const { ms: stalledMs, ownCpuMs } = report.longestStall;
    busyMs = Math.max(busyMs, Math.min(stalledMs, ownCpuMs));
    // Not each time: to collect garbage takes a while. Its own stall is not one of frames.
    rounds += 1;
    if (rounds % 20 === 0) {
      heapGrowthBytes = Math.max(heapGrowthBytes, (await node.heldNow()) - before);
      await node.report();
    }
  }
  return { wire, sent, busyMs, heapGrowthBytes, odd };
}

async function reportOf(node: FleetNode) {
  return node.process.isRunning ? await node.report().catch(() => undefined) : undefined;
}
