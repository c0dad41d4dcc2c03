import { endHeaders, endStream, http2Frame, http2Types } from '../../wire/http2-frames.js';
import { counted, ms, number, percent, times } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { FleetNode } from '../lab/fleet.js';
import type { Lab } from '../lab/lab.js';
import { callBlock, type Http2Wire, http2Peer, http2Wires } from '../raw/http2-peer.js';

export const rapidReset: Row = {
  id: 'T-08',
  fault: 'HTTP/2 rapid reset: 10^6 calls that are reset at once, on one connection, as fast as it takes them',
  bar: 'connections closed by rate; good client p99 ≤ 2× steady; CPU back ≤ 1 s',

  async run(lab) {
    const found = [];
    for (const wire of http2Wires) found.push(await over(lab, wire));
    return {
      n: found.length * connections * resetsEach,
      figure: found
        .map(
          ({ wire, closed, taken, p99Ms, steadyMs, backAfterMs }) =>
            `${wire}: ${closed} of ${connections} closed, when the system had taken ${number(taken)} of them; p99 ${ms(p99Ms)}, ${times(p99Ms / steadyMs)} of ${ms(steadyMs)}; CPU back after ${ms(backAfterMs)}`,
        )
        .join('; '),
      passed: found.every(
        (one) => one.closed === connections && one.p99Ms <= 2 * one.steadyMs && one.backAfterMs <= 1_000,
      ),
      notes: found
        .map(({ wire, failed, idle }) => `${wire}: ${failed} good calls failed; CPU at rest ${percent(idle)}`)
        .join('; '),
    };
  },
};

async function over(lab: Lab, wire: Http2Wire) {
  const fleet = await lab.fleet({ wire });
  const node = await fleet.start();
  const caller = await fleet.caller();
  const load = async (name: string, durationMs: number) =>
    counted(
      await caller.load({
        name,
        endpoint: 'work',
        rate: 300,
        durationMs,
        options: { timeoutMs: 1_000, maxAttempts: 1 },
      }),
    );
  await load('warm-up', 2_000);
  const idle = await shareOfProcessor(node, 500);
  // Written before: making them takes more of a processor than being attacked by them.
  const first = Array.from({ length: writtenBefore }, (_, index) => resets(wire, index));
  const before = await load('before', durationMs);
  const attacked = load('attacked', durationMs);
  const ends = await attack(wire, node.address, first);
  const backAfterMs = attacked.then(() => restsAfter(node, idle));
  const during = await attacked;
  const back = await backAfterMs;
  const after = await load('after', durationMs);
  const taken = ends.map(({ sent }) => sent).sort((one, other) => one - other);
  return {
    wire,
    closed: ends.filter(({ isClosed }) => isClosed).length,
    taken: taken[Math.floor(taken.length / 2)] ?? 0,
    p99Ms: during.latencyMs.p99,
    steadyMs: Math.max(before.latencyMs.p99, after.latencyMs.p99),
    failed: during.sent - during.succeeded,
    idle,
    backAfterMs: back,
  };
}

/** As fast as the node takes it, until it is cut off. */
async function attack(wire: Http2Wire, address: string, first: readonly Buffer[]) {
  const ends: { readonly isClosed: boolean; readonly sent: number }[] = [];
  for (let one = 0; one < connections; one += 1) {
    await using peer = await http2Peer(wire, address);
    let sent = 0;
    for (let index = 0; sent < resetsEach && peer.isOpen; index += 1) {
      await peer.sendWhole(first[index] ?? resets(wire, index));
      sent += piece;
    }
    ends.push({ isClosed: await peer.closed(2_000), sent });
  }
  return ends;
}

/** A piece of calls and their resets, by its place. */
function resets(wire: Http2Wire, place: number): Buffer {
  const block = callBlock(wire);
  const cancel = Buffer.from([0, 0, 0, 8]);
  return Buffer.concat(
    Array.from({ length: piece }, (_, index) => {
      const stream = 2 * (place * piece + index) + 1;
      return Buffer.concat([
        http2Frame(http2Types.headers, endHeaders | endStream, stream, block),
        http2Frame(http2Types.reset, 0, stream, cancel),
      ]);
    }),
  );
}

/** When the node computes as little as at rest again, a twentieth of a processor more at most. */
async function restsAfter(node: FleetNode, idle: number): Promise<number> {
  const began = performance.now();
  while (performance.now() - began < 5_000) {
    if ((await shareOfProcessor(node, 250)) <= idle + 0.05) break;
  }
  return performance.now() - began;
}

async function shareOfProcessor(node: FleetNode, withinMs: number): Promise<number> {
  const began = performance.now();
  const { cpuMicros } = await node.report();
  await new Promise((resolve) => setTimeout(resolve, withinMs));
  const after = await node.report();
  return (after.cpuMicros - cpuMicros) / 1_000 / (performance.now() - began);
}

const connections = 1;
const resetsEach = 1_000_000;
const piece = 1_000;
/** Three times what a system has taken before the node has cut off. */
const writtenBefore = 100;
const durationMs = 10_000;
