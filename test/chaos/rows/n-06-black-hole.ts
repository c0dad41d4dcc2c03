import { counted, failuresOf, ms, shareOf } from '../harness/figures.js';
import { attemptsOn, inUseFor, overtimeMs, shareOfAttempts } from '../harness/rotation.js';
import type { Row } from '../harness/row.js';
import type { Caller, Fleet, FleetNode } from '../lab/fleet.js';
import type { Lab } from '../lab/lab.js';
import type { LoadFindings } from '../nodes/orders.js';

export const blackHole: Row = {
  id: 'N-06',
  fault:
    '1 of 3 nodes swallows everything: behind a black hole, with SYNs dropped too, or frozen by SIGSTOP; 200 calls a second',
  bar: '0 failed for calls with a deadline of 1 s; out of rotation ≤ 2 s; no call > 50 ms over its deadline',
  transports: 'each',
  together: 'pairs',

  async run(lab, { wire, isLong, note, ready }) {
    const fleet = await lab.fleet();
    // All of them stand behind a proxy: one alone would look slow, and get little of the traffic.
    const proxied = { proxied: wire !== 'memory' };
    const [victim] = [await fleet.start(proxied), await fleet.start(proxied), await fleet.start(proxied)];
    const found: Found[] = [];
    await ready();
    for (const way of wire === 'memory' ? [ways[0]] : ways) {
      const one = await swallowed(lab, fleet, victim, way, isLong ? 20_000 : 3_500);
      note(one.figure);
      found.push(one);
    }
    return {
      n: found.reduce((sum, { load }) => sum + load.sent, 0),
      figure: found.map(({ figure }) => figure).join('; '),
      passed: found.every(({ passed }) => passed),
      notes: found.map(({ way, notes }) => `${way.name}: ${notes}`).join('; '),
    };
  },
};

/** One way to swallow everything, and what undoes it. */
interface Way {
  readonly name: string;
  begin(node: FleetNode): Promise<void> | void;
  end(node: FleetNode): Promise<void> | void;
}

const ways: readonly [Way, ...Way[]] = [
  { name: 'black hole', begin: (node) => node.cut('black hole'), end: (node) => node.heal() },
  { name: 'SYNs dropped', begin: (node) => node.cut('dropped'), end: (node) => node.heal() },
  { name: 'frozen', begin: (node) => node.pause(), end: (node) => node.resume() },
];

interface Found {
  readonly way: Way;
  readonly load: LoadFindings;
  readonly figure: string;
  readonly notes: string;
  readonly passed: boolean;
}

/** A caller of its own meets the node healthy, and then swallowing. */
async function swallowed(lab: Lab, fleet: Fleet, victim: FleetNode, way: Way, durationMs: number): Promise<Found> {
  const caller = await fleet.caller();
  const load = { endpoint: 'work', rate: 200, options: { timeoutMs: deadlineMs }, slowMs: 250 } as const;
  await untilUsed(caller, victim, way.name);
  const running = caller.load({ ...load, name: way.name, durationMs });
  await lab.pass(500);
  const atEpochMs = performance.timeOrigin + performance.now();
  await way.begin(victim);
  let result: LoadFindings;
  try {
    result = counted(await running);
  } finally {
    await way.end(victim);
  }
  await caller.close();

  const atMs = atEpochMs - result.beganAtEpochMs;
  const outMs = inUseFor(result, victim.address, atMs);
  const overMs = overtimeMs(result, deadlineMs);
  const slowLater = result.slow.filter((call) => call.atMs > atMs + 2_000).length;
  return {
    way,
    load: result,
    figure: `${way.name}: ${shareOf(result.failed, result.sent)} failed, out after ${ms(outMs)}, at most ${ms(overMs)} over`,
    notes: [
      ...(result.failed === 0 ? [] : [failuresOf(result.failures)]),
      `${result.slow.length} calls took over 250 ms, ${slowLater} of them sent after 2 s`,
      `${attemptsOn(result, victim.address, atMs + 2_000)} attempts on it after 2 s, generator lag ${ms(result.lagMs)}`,
    ].join(', '),
    passed: result.failed === 0 && outMs <= 2_000 && overMs <= 50,
  };
}

/** Calls until the node has a good share of the traffic: what is to be left out must be in use. */
async function untilUsed(caller: Caller, { address, name }: FleetNode, way: string): Promise<void> {
  const load = { endpoint: 'work', rate: 200, durationMs: 1_200 } as const;
  for (let round = 0; round < 8; round += 1) {
    const warmUp = await caller.load({ ...load, name: `${way}: warm-up ${round}` });
    if (shareOfAttempts(warmUp, address, 500) >= 0.2) return;
  }
  throw new Error(`${name} has less than a fifth of the traffic after 12 s`);
}

const deadlineMs = 1_000;
