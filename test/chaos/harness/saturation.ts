import type { Caller, FleetNode } from '../lab/fleet.js';
import type { TargetSettings } from '../nodes/target-state.js';

/** What keeps a node busy, and how many callers it takes to find out how much it can do. */
export interface Business {
  readonly name: string;
  readonly settings: TargetSettings;
  readonly callers: number;
}

/** A millisecond of computing for each call, and a dependency that serves eight calls at once, each for ten milliseconds. */
export const businesses: readonly Business[] = [
  { name: 'computing', settings: { burnMs: 1 }, callers: 16 },
  { name: 'waiting', settings: { slots: 8, delayMs: 10 }, callers: 16 },
];

/** How many calls a second a node can serve: what it answers in a closed loop, where nobody waits in line for long. */
export async function saturationOf(caller: Caller, node: FleetNode, { settings, callers }: Business): Promise<number> {
  await node.settings(settings);
  const loop = { endpoint: 'work', callers, options: { timeoutMs: 10_000, maxAttempts: 1 } } as const;
  await caller.loop({ ...loop, name: 'warm-up', durationMs: 1_500 });
  const { perSecond } = await caller.loop({ ...loop, name: 'saturation', durationMs: 3_000 });
  return perSecond;
}
