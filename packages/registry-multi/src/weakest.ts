import type { OperationConsistency, RegistryCapabilities, RegistryConsistency } from '@tenon/contract';
import type { Part } from './part.js';

/**
 * What several registries promise together: the weakest promise of those that an operation goes to, and never more than `eventual`
 * where these are several, because it goes on without one that is cut off.
 */
export function weakest(parts: readonly Part[]): RegistryCapabilities {
  const read = parts.filter(({ isRead }) => isRead);
  const written = parts.filter(({ isWritten }) => isWritten);
  const of = (some: readonly Part[], operation: keyof RegistryConsistency): OperationConsistency =>
    together(some.map(({ registry }) => registry.capabilities.consistency[operation]));
  const reaches = written.map(({ registry }) => registry.capabilities.reach ?? 'network');
  return Object.freeze({
    expires: written.every(({ registry }) => registry.capabilities.expires),
    consistency: Object.freeze({
      register: of(written, 'register'),
      lookup: of(read, 'lookup'),
      cachedCall: of(read, 'cachedCall'),
    }),
    reach: (['network', 'machine', 'process'] as const).find((reach) => reaches.includes(reach)) ?? 'network',
  });
}

function together(promises: readonly OperationConsistency[]): OperationConsistency {
  const [first] = promises;
  if (first !== undefined && promises.length === 1) return first;
  return Object.freeze({
    level: promises.some(({ level }) => level === 'weak') ? 'weak' : 'eventual',
    whenCutOff: promises.some(({ whenCutOff }) => whenCutOff === 'answers') ? 'answers' : 'refuses',
  });
}
