import type { CallFindings } from './orders.js';

/** Callers that each call, lie idle for a while, and call again. */
export interface IdleOrder {
  /** Each call's id begins with it. */
  readonly name: string;
  /** Calls of each caller. */
  readonly rounds: number;
  /** How long each lies idle between two calls: anything between the two, at random. */
  readonly leastIdleMs: number;
  readonly mostIdleMs: number;
}

export interface IdleFindings {
  readonly ids: readonly string[];
  readonly failed: number;
  /** What calls failed with, and how often. */
  readonly failures: Readonly<Record<string, number>>;
  readonly slowestMs: number;
}

/** Has all callers call side by side. They begin one after the other, spread over the time for which they lie idle. */
export async function callAfterIdling(
  callers: readonly ((id: string) => Promise<CallFindings>)[],
  { name, rounds, leastIdleMs, mostIdleMs }: IdleOrder,
): Promise<IdleFindings> {
  const ids: string[] = [];
  const failures: Record<string, number> = {};
  let failed = 0;
  let slowestMs = 0;
  const one = async (call: (id: string) => Promise<CallFindings>, index: number): Promise<void> => {
    await pause((index / callers.length) * leastIdleMs);
    for (let round = 0; round < rounds; round += 1) {
      if (round > 0) await pause(leastIdleMs + Math.random() * (mostIdleMs - leastIdleMs));
      const id = `${name}-${index}-${round}`;
      ids.push(id);
      const found = await call(id);
      slowestMs = Math.max(slowestMs, found.elapsedMs);
      if ('node' in found) continue;
      failed += 1;
      const kind = `${found.code} (executed: ${found.executed}): ${found.message}`;
      failures[kind] = (failures[kind] ?? 0) + 1;
    }
  };
  await Promise.all(callers.map(one));
  return { ids, failed, failures, slowestMs };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
