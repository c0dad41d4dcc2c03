import type { RegistryFixture } from '@tenon/conformance';
import type { Mutant } from '../prove-cases.js';
import { faultMutants } from './fault-mutants.js';
import { leaseMutants } from './lease-mutants.js';
import { registrationMutants } from './registration-mutants.js';
import { watchMutants } from './watch-mutants.js';

/** Broken registries, in the order of the cases that catch them. */
export const registryMutants: readonly Mutant<RegistryFixture>[] = [
  ...registrationMutants,
  ...watchMutants,
  ...leaseMutants,
  ...faultMutants,
];
