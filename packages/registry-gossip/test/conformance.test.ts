import { type KnownFailure, type RegistryFixtureFactory, registryConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { Fleet } from './fleet.js';

const fixtures: RegistryFixtureFactory = {
  async create() {
    const fleet = new Fleet();
    return {
      registry: await fleet.add(),
      another: () => fleet.add(),
      minTtlMs: 1_000,
      crash: async (registry) => fleet.crash(registry),
      dispose: () => fleet.close(),
    };
  },
};

/** There is no back end that could be lost: a member that is cut off answers with what it knows, which partition.test.ts holds. */
const knownFailing: readonly KnownFailure[] = [
  'a lost back end is an error event and never an empty set, and a whole set heals it',
  'while the back end is lost, calls reject with Unavailable or answer, as declared, and work again after it',
  'a watch that begins while the back end is lost yields an error, then the whole set',
  'releasing and closing while the back end is lost resolve, and renew no more',
  'a lost lease is announced with its reason, registered again and renewed',
].map((name) => ({
  case: name,
  reason: 'no back end to lose: whoever is cut off answers',
  issue: 'by design, docs/wire/gossip-records.md',
}));

registryConformance({ describe, it }, fixtures, { knownFailing });
