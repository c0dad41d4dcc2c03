import { mib, ms, number } from '../harness/figures.js';
import { type Row, VoidRun } from '../harness/row.js';
import { goFirst } from '../lab/goes-first.js';
import type { Lab } from '../lab/lab.js';
import type { Wire } from '../lab/wire.js';
import { StallWatch } from '../nodes/stall-watch.js';
import { clientTls } from '../raw/client-tls.js';
import { RawPeer } from '../raw/raw-peer.js';
import { TenonPeer } from '../raw/tenon-frames.js';

export const silentPeers: Row = {
  id: 'T-05',
  fault: 'sockets that connect and say nothing, 2,000 at once (long: 10,000), half of them to a port under TLS',
  bar: 'closed ≤ 10 s; RSS ≤ +100 MiB; accept of good ones ≤ 100 ms',

  async run(lab, { isLong }) {
    const each = isLong ? 5_000 : 1_000;
    const found = await Promise.all([silent(lab, 'tenon/1', each), silent(lab, 'h2+tls', each)]);
    const rss = Math.max(...found.map(({ grownBytes }) => grownBytes));
    const longest = Math.max(...found.map(({ longestMs }) => longestMs));
    const slowest = Math.max(...found.map(({ slowestAcceptMs }) => slowestAcceptMs));
    const accepts = found.reduce((sum, one) => sum + one.accepts, 0);
    return {
      n: each * 2,
      figure: `closed after at most ${ms(longest)}; RSS +${mib(rss)}; slowest of ${number(accepts)} good calls ${ms(slowest)}, dial and handshake included`,
      passed: longest <= 10_000 && rss <= 100 * 1_048_576 && slowest <= 100 && accepts > 20,
      notes: found
        .map((one) => `${one.wire}: RSS +${mib(one.grownBytes)}, accept ${ms(one.slowestAcceptMs)}`)
        .join('; '),
    };
  },
};

async function silent(lab: Lab, wire: Wire, count: number) {
  const fleet = await lab.fleet({ wire });
  const node = await fleet.start();
  const caller = await fleet.caller();
  await caller.load({ name: 'warm-up', endpoint: 'work', rate: 200, durationMs: 2_000 });
  const before = await node.report();
  const peers: RawPeer[] = [];
  for (let opened = 0; opened < count; opened += 250) {
    peers.push(...(await Promise.all(Array.from({ length: 250 }, () => RawPeer.open(node.address)))));
  }
  // Opening so many sockets keeps this process busy, which the good ones must not be held to.
  await lab.pass(500);
  const watch = new StallWatch();
  lab.atEnd(goFirst());
  const began = performance.now();
  let slowestAcceptMs = 0;
  let accepts = 0;
  while (peers.some(({ isOpen }) => isOpen) && performance.now() - began < 15_000) {
    slowestAcceptMs = Math.max(slowestAcceptMs, await goodCall(node.address, wire));
    accepts += 1;
    await lab.pass(100);
  }
  const { ms: stalledMs } = watch.stop();
  if (slowestAcceptMs > 100 && stalledMs > 50) throw new VoidRun(`the lab itself was held up for ${ms(stalledMs)}`);
  const after = await node.report();
  for (const { socket } of peers) socket.destroy();
  const longestMs = Math.max(...peers.map(({ livedMs }) => livedMs));
  return { wire, longestMs, slowestAcceptMs, accepts, grownBytes: after.mostRssBytes - before.mostRssBytes };
}

/** Connects anew, asks over HTTP/1.1 where that is spoken, else greets: how long that took. */
async function goodCall(address: string, wire: Wire): Promise<number> {
  const began = performance.now();
  if (wire === 'h2+tls') {
    await using peer = await RawPeer.openTls(address, clientTls(['http/1.1']));
    const body = '{"id":"good"}';
    peer.send(
      `POST /target/Target.Work HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    if (!(await peer.until((bytes) => bytes.includes('"good"')))) throw new Error(`a good call got ${peer.bytes}`);
  } else {
    const { peer } = await TenonPeer.greeted(address);
    peer.socket.destroy();
  }
  return performance.now() - began;
}
