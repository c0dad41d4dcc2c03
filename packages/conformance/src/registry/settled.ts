import type { Registry } from '@tenon/contract';
import { eventually, within } from '../eventually.js';
import type { CaseLimits } from '../suite.js';

/**
 * Checks what a registry answers after a change that has finished: at once where it declares to be strongly consistent,
 * otherwise as soon as the change has come through.
 */
export async function settled(
  registry: Registry,
  check: () => Promise<void>,
  { patienceMs }: CaseLimits,
): Promise<void> {
  if (registry.capabilities.consistency.lookup.level === 'strong')
    await within(check(), patienceMs, 'an answer of the registry');
  else await eventually(check, { withinMs: patienceMs });
}
