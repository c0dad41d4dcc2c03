import { counted, ms, number, percent } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { Lab } from '../lab/lab.js';
import { RawPeer } from '../raw/raw-peer.js';
import { frame, preamble, segment } from '../raw/tenon-frames.js';

export const slowPeers: Row = {
  id: 'T-04',
  fault:
    'slowloris: 1,000 sockets that drip heads, bodies, or take no reply; 1,000 that drip their greeting on tenon/1',
  bar: 'good clients ≥ 95 % of baseline; slow sockets closed ≤ 10 s (headers, greeting), ≤ 30 s (body)',

  async run(lab, { note }) {
    const http = await site(lab, 'http/1.1');
    const tcp = await site(lab, 'tenon/1');
    const baseline = await Promise.all([http, tcp].map((one) => one.load('baseline', 4_000)));
    const steady = baseline.map(counted);

    const greeting = segment(frame(1, 0, Buffer.alloc(900, 0x20)));
    const head = 'POST /target/Target.Work HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';
    const groups = {
      heads: await dripping(http.address, 400, 'POST /target/Target.Work HTTP/1.1\r\nhost: a\r\nx-slow: ', 'x'),
      bodies: await dripping(http.address, 400, `${head}content-length: 4000\r\n\r\n{"id":"`, 'x'),
      replies: await unread(http.address, 200, head),
      greetings: await dripping(tcp.address, 1_000, preamble, ...[...greeting].map((byte) => Buffer.from([byte]))),
    };
    const all = Object.values(groups).flatMap(({ peers }) => peers);
    note(`${number(all.length)} slow sockets`);
    const during = await Promise.all([http, tcp].map((one) => one.load('slow', 20_000)));
    const end = performance.now() + 20_000;
    while (performance.now() < end && all.some(({ isOpen }) => isOpen)) await lab.pass(100);
    for (const { stop } of Object.values(groups)) stop();

    const share = Math.min(
      ...during.map(
        (one, index) => one.succeeded / one.sent / ((steady[index]?.succeeded ?? 0) / (steady[index]?.sent ?? 1)),
      ),
    );
    const longest = (peers: readonly RawPeer[]): number => Math.max(...peers.map(({ livedMs }) => livedMs));
    const open = all.filter(({ isOpen }) => isOpen).length;
    const [heads, greetings] = [longest(groups.heads.peers), longest(groups.greetings.peers)];
    const [bodies, replies] = [longest(groups.bodies.peers), longest(groups.replies.peers)];
    for (const { socket } of all) socket.destroy();
    during.map(counted);
    return {
      n: all.length,
      figure: [
        `good clients ${percent(share)} of baseline`,
        `closed after at most ${ms(heads)} (heads), ${ms(greetings)} (greetings), ${ms(bodies)} (bodies), ${ms(replies)} (replies not taken)`,
        `${open} still open`,
      ].join('; '),
      passed: share >= 0.95 && open === 0 && heads <= 10_000 && greetings <= 10_000 && bodies <= 30_000,
      notes: during
        .map(({ latencyMs }, index) => `p99 ${ms(latencyMs.p99)}, before ${ms(steady[index]?.latencyMs.p99 ?? 0)}`)
        .join('; '),
    };
  },
};

async function site(lab: Lab, wire: 'http/1.1' | 'tenon/1') {
  const fleet = await lab.fleet({ wire });
  const node = await fleet.start();
  const caller = await fleet.caller();
  const load = (name: string, durationMs: number) =>
    caller.load({ name, endpoint: 'work', rate: 200, durationMs, options: { timeoutMs: 1_000 } });
  await load('warm-up', 1_500);
  return { address: node.address, load };
}

interface SlowGroup {
  readonly peers: readonly RawPeer[];
  readonly stop: () => void;
}

/** Peers that say the beginning, and then one drop each half second, the last one again and again. */
async function dripping(
  address: string,
  count: number,
  beginning: Uint8Array | string,
  ...drops: readonly (Uint8Array | string)[]
): Promise<SlowGroup> {
  const peers = await Promise.all(Array.from({ length: count }, () => RawPeer.open(address)));
  for (const peer of peers) {
    peer.restartClock();
    peer.send(beginning);
  }
  let at = 0;
  const timer = setInterval(() => {
    const drop = drops[Math.min(at, drops.length - 1)] ?? '';
    at += 1;
    for (const peer of peers) peer.send(drop);
  }, 500);
  return { peers, stop: () => clearInterval(timer) };
}

/** Peers that ask for a large reply and do not read it. */
async function unread(address: string, count: number, head: string): Promise<SlowGroup> {
  const peers = await Promise.all(Array.from({ length: count }, () => RawPeer.open(address)));
  const body = JSON.stringify({ id: 'unread', text: 'x'.repeat(1_000_000) });
  for (const peer of peers) {
    peer.restartClock();
    peer.send(`${head}content-length: ${body.length}\r\n\r\n${body}`);
    peer.socket.pause();
  }
  // A socket that is not read from does not notice its end, unless it writes.
  const timer = setInterval(() => {
    for (const peer of peers) if (peer.socket.writable) peer.send(' ');
  }, 1_000);
  return { peers, stop: () => clearInterval(timer) };
}
