import type { TransportFixture } from '@tenon/conformance';
import type { Mutant } from './prove-cases.js';
import { transportEndingMutants } from './transport-ending-mutants.js';
import { transportErrorMutants } from './transport-error-mutants.js';
import { transportLifecycleMutants } from './transport-lifecycle-mutants.js';
import { transportValueMutants } from './transport-value-mutants.js';

/** Broken transports, in the order of the cases. */
export const transportMutants: readonly Mutant<TransportFixture>[] = [
  ...transportValueMutants,
  ...transportErrorMutants,
  ...transportEndingMutants,
  ...transportLifecycleMutants,
];
