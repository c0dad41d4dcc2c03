import type { BackEndServer } from '../../discovery/back-end.js';
import { type AgainstSteady, againstSteady } from '../harness/against-steady.js';
import { counted, shareOf, stallOf } from '../harness/figures.js';
import { type RowContext, VoidRun } from '../harness/row.js';
import type { LoadFindings } from '../nodes/orders.js';
import type { TargetReport } from '../nodes/target-state.js';
import type { Fleet } from './fleet.js';
import type { Lab } from './lab.js';

/** What is done to the registry of a fleet under load, and how it ends. */
export interface Outage {
  /** `kill` */
  readonly what: string;
  begin(server: BackEndServer): Promise<void> | void;
  end(server: BackEndServer): Promise<void> | void;
}

export interface OutageFindings {
  /** The calls while it was away. */
  readonly load: LoadFindings;
  /** Those of the seconds of its return. */
  readonly back: LoadFindings;
  readonly p99: AgainstSteady;
  /** What the nodes said at the end of it, of that time alone where it is about their loops. */
  readonly nodes: readonly TargetReport[];
  /** How many nodes were in the smallest set that a watch was told, from the beginning of the outage to its end. */
  readonly fewestKnown: number;
}

/** Three nodes and a caller at 2,000 calls a second; the registry is away for 15 s, or for 60 s in a long run. */
export async function registryOutage(lab: Lab, outage: Outage, { isLong, note }: RowContext): Promise<OutageFindings> {
  const registry = await lab.registry();
  const server = registry.server(outage.what);
  const fleet = await lab.fleet({ registry });
  for (let node = 0; node < 3; node += 1) await fleet.start();
  const caller = await fleet.caller({ watches: true });
  const load = { endpoint: 'work', rate: 2_000, intervalMs: 1_000 } as const;
  await caller.load({ ...load, name: 'warm-up', durationMs: warmUpMs });
  const before = counted(await caller.load({ ...load, name: 'before', durationMs: steadyMs }));
  note(`steady: p99 ${before.latencyMs.p99.toFixed(1)} ms, generator lag ${before.lagMs.toFixed(1)} ms`);

  const beganAt = performance.timeOrigin + performance.now();
  await outage.begin(server);
  await reportsOf(fleet);
  const away = await caller.load({ ...load, name: 'away', durationMs: isLong ? 60_000 : 15_000 });
  const nodes = await reportsOf(fleet);
  const ending = outage.end(server);
  const back = await caller.load({ ...load, name: 'back', durationMs: 4_000 });
  await ending;
  const after = await caller.load({ ...load, name: 'after', durationMs: steadyMs });

  const sets = (await caller.sets()).filter(({ atEpochMs }) => atEpochMs >= beganAt);
  const fewestKnown = Math.min(3, ...sets.flatMap(({ addresses }) => addresses?.length ?? []));
  try {
    for (const one of [away, back, after]) counted(one);
    const p99 = againstSteady(away, { before, after, bar: 1.1 });
    // A node that stood still without computing waited for a processor that neighbours of the fleet had.
    const waited = nodes.some(({ longestStall: { ms, ownCpuMs } }) => ms > 50 && ownCpuMs < ms / 4);
    if (!p99.isWithin && waited) throw new VoidRun(`${p99.figure}; ${stallOf(nodes)}`);
    return { load: away, back, p99, nodes, fewestKnown };
  } catch (thrown) {
    if (!(thrown instanceof VoidRun)) throw thrown;
    // What does not hang on the machine is told all the same.
    const failed = shareOf(away.failed + back.failed, away.sent + back.sent);
    throw new VoidRun(`${thrown.message}; ${failed} failed, nodes known, at least: ${fewestKnown} of 3`);
  }
}

function reportsOf(fleet: Fleet): Promise<readonly TargetReport[]> {
  return Promise.all(fleet.nodes.map((node) => node.report()));
}

/** What runs for a minute is faster than what has just begun, and the two steady times that are compared lie half a minute apart. */
const warmUpMs = 10_000;
const steadyMs = 6_000;
