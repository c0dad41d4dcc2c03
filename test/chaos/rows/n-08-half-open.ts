import { counted, ms, number } from '../harness/figures.js';
import type { Outcome, Row } from '../harness/row.js';
import type { Caller, Fleet, FleetNode } from '../lab/fleet.js';
import type { Lab } from '../lab/lab.js';
import { openSocketsTo } from '../lab/open-sockets.js';
import type { TransportTuning } from '../lab/wire.js';
import type { LoadFindings } from '../nodes/orders.js';

export const halfOpen: Row = {
  id: 'N-08',
  fault: 'idle connections to 1 of 2 nodes are half-open; then 40 calls, half of which may not run twice',
  bar: 'each fails over or ends at its deadline ± 50 ms, or, if it may not run twice, flagged as its connection is dropped; dropped ≤ 15 s by default, ≤ 3 s when tuned',
  transports: 'each',
  together: 'pairs',

  async run(lab, { wire }) {
    const fleet = await lab.fleet();
    const victim = await fleet.start({ proxied: wire !== 'memory' });
    await fleet.start();
    if (wire === 'memory') return inMemory(lab, fleet, victim);
    const byTuning = [await found(lab, fleet, victim, 3_000, tuned), await found(lab, fleet, victim, 15_000)];
    return {
      n: byTuning.reduce((sum, { n }) => sum + n, 0),
      figure: byTuning.map(({ figure }) => figure).join('; '),
      passed: byTuning.every(({ passed }) => passed),
      notes: byTuning.map(({ notes }) => notes).join('; '),
    };
  },
};

const tuned: TransportTuning = {
  tcp: { pingAfterMs: 1_000, idlePingAfterMs: 1_000, pingTimeoutMs: 1_000 },
  http: { pingMs: 1_000, pingTimeoutMs: 1_000 },
};

/** A caller of its own, tuned or not, whose connections to the node are half-open for a while. */
async function found(
  lab: Lab,
  fleet: Fleet,
  victim: FleetNode,
  dropWithinMs: number,
  transport?: TransportTuning,
): Promise<Outcome> {
  const name = transport === undefined ? 'default' : 'tuned';
  const caller = await fleet.caller(transport === undefined ? {} : { transport });
  const { pid } = caller.process;
  await warmUp(caller, name);
  await lab.pass(500);
  const connections = openSocketsTo(victim.proxy.port, pid);
  await victim.cut('half-open');
  const cutAt = performance.now();
  const calls = await callsOf(caller, name);
  const left = (): number => {
    const open = openSocketsTo(victim.proxy.port, pid);
    return connections.filter((one) => open.includes(one)).length;
  };
  while (left() > 0 && performance.now() - cutAt < dropWithinMs + 5_000) await lab.pass(20);
  const waitedMs = performance.now() - cutAt;
  const remaining = left();
  await victim.heal();
  await caller.close();

  const dropped = remaining > 0 ? `${remaining} not dropped by ${ms(waitedMs)}` : `dropped by ${ms(waitedMs)}`;
  return {
    n: calls.n,
    figure: `${name}: ${calls.figure}, ${connections.length} connections, ${dropped}`,
    passed: calls.passed && connections.length > 0 && remaining === 0 && waitedMs <= dropWithinMs,
    notes: `${name}: ${calls.notes}`,
  };
}

/** A link of the memory wire that is cut is nothing that could stay half-open: whoever uses it is told. */
async function inMemory(lab: Lab, fleet: Fleet, victim: FleetNode): Promise<Outcome> {
  const caller = await fleet.caller();
  await warmUp(caller, 'memory');
  await lab.pass(500);
  await victim.cut('half-open');
  const calls = await callsOf(caller, 'memory');
  return { ...calls, figure: `${calls.figure}, no connection that could be dropped` };
}

/** Opens connections to both nodes, several where a wire carries one call on each. */
async function warmUp(caller: Caller, name: string): Promise<void> {
  const load = { endpoint: 'work', rate: 100, durationMs: 1_500, request: { delayMs: 30 } } as const;
  await caller.load({ ...load, name: `${name}-warm-up` });
}

async function callsOf(caller: Caller, name: string): Promise<Outcome & { readonly notes: string }> {
  const load = { rate: 20, durationMs: 1_000, options: { timeoutMs: deadlineMs }, slowMs: 0 } as const;
  const loads = await Promise.all([
    caller.load({ ...load, name: `${name}-work`, endpoint: 'work' }),
    caller.load({ ...load, name: `${name}-once`, endpoint: 'once' }),
  ]);
  const [repeatable, once] = loads.map((one) => counted(one)) as [LoadFindings, LoadFindings];
  const all = [...repeatable.slow, ...once.slow];
  const atDeadline = all.filter(({ code, elapsedMs }) => {
    return code === 'DeadlineExceeded' && Math.abs(elapsedMs - deadlineMs) <= 50;
  });
  // Calls that may not run twice cannot fail over where their connection is dropped.
  const flagged = once.slow.filter(({ code, executed }) => code === 'Unavailable' && executed === 'maybe');
  const other = all.filter((call) => call.code !== undefined && !atDeadline.includes(call) && !flagged.includes(call));
  const late = all.filter(({ elapsedMs }) => elapsedMs > deadlineMs + 50);
  const slowest = Math.max(...all.filter(({ code }) => code === undefined).map(({ elapsedMs }) => elapsedMs));
  return {
    n: all.length,
    figure: [
      `${number(all.filter(({ code }) => code === undefined).length)} of ${number(all.length)} answered`,
      `${atDeadline.length} at the deadline`,
      ...(flagged.length === 0 ? [] : [`${flagged.length} "may have run"`]),
    ].join(', '),
    passed: all.length === repeatable.sent + once.sent && other.length === 0 && late.length === 0,
    notes: [
      `${repeatable.failed} of ${repeatable.sent} that may run twice failed, ${once.failed} of ${once.sent} others`,
      `slowest answer ${ms(slowest)}`,
      ...other.map(({ code, message, elapsedMs }) => `${code} after ${ms(elapsedMs)}: ${message}`),
    ].join(', '),
  };
}

const deadlineMs = 1_000;
