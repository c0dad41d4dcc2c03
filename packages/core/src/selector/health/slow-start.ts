import type { Candidate } from '@tenon/contract';
import type { NodeHealth } from './node-health.js';

/**
 * Lets cold nodes take part in so many of the picks as their time says, by its square: a node half-way through its slow start
 * is a candidate in every fourth one. That works with every strategy, which sees fewer candidates and nothing else. The square,
 * because a strategy that looks at latencies prefers a node of which it knows nothing bad yet: where that takes part it is
 * chosen, nearly twice as often as would be fair.
 *
 * Off while fewer than half of all candidates are warm: in a fleet that restarts as a whole, the last old node would get
 * everything.
 *
 * @param all - the call's candidates, before ejected ones were left out.
 * @param usable - those of them to choose from. Returned as it is where no cold node is left out now.
 */
export function slowlyStarted(
  all: readonly Candidate[],
  usable: readonly Candidate[],
  healthOf: (candidate: Candidate) => NodeHealth | undefined,
  { slowStartMs, now }: { readonly slowStartMs: number; readonly now: number },
): readonly Candidate[] {
  let warm = 0;
  for (const candidate of all) if (isWarm(healthOf(candidate))) warm += 1;
  if (warm * 2 < all.length) return usable;
  const left = usable.filter((candidate) => {
    const coldSince = healthOf(candidate)?.coldSince;
    return coldSince === undefined || Math.random() < ((now - coldSince) / slowStartMs) ** 2;
  });
  return left.length === 0 || left.length === usable.length ? usable : left;
}

function isWarm(health: NodeHealth | undefined): boolean {
  return health === undefined || (health.ejection === undefined && health.coldSince === undefined);
}
