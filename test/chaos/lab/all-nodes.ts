import type { TargetSettings } from '../nodes/target-state.js';
import type { Fleet } from './fleet.js';

/** Every node of a fleet behaves so from now on. */
export async function settingsOfAll({ nodes }: Fleet, settings: TargetSettings): Promise<void> {
  await Promise.all(nodes.map((node) => node.settings(settings)));
}

/** Calls that arrived at any of its nodes so far, repeated ones each time. */
export async function arrivalsOf({ nodes }: Fleet): Promise<number> {
  const reports = await Promise.all(nodes.map((node) => node.report()));
  return reports.reduce((sum, { arrivals }) => sum + arrivals, 0);
}

/** Those of them that were a call's first attempt. */
export async function firstArrivalsOf({ nodes }: Fleet): Promise<number> {
  const reports = await Promise.all(nodes.map((node) => node.report()));
  return reports.reduce((sum, { arrivalsByAttempt }) => sum + (arrivalsByAttempt['1'] ?? 0), 0);
}
