import type { TransportFixture } from '@tenon/conformance';
import type { Mutant } from './prove-cases.js';
import { streamEndingMutants } from './stream-ending-mutants.js';
import { streamErrorMutants } from './stream-error-mutants.js';
import { lackingKindMutants, streamFlowMutants } from './stream-flow-mutants.js';
import { transportBlameMutants } from './transport-blame-mutants.js';
import { transportEndingMutants } from './transport-ending-mutants.js';
import { transportErrorMutants } from './transport-error-mutants.js';
import { transportLifeMutants } from './transport-life-mutants.js';
import { transportLifecycleMutants } from './transport-lifecycle-mutants.js';
import { transportValueMutants } from './transport-value-mutants.js';

/** Transports that break unary calls, in the order of the cases. */
export const unaryMutants: readonly Mutant<TransportFixture>[] = [
  ...transportValueMutants,
  ...transportErrorMutants,
  ...transportBlameMutants,
  ...transportEndingMutants,
  ...transportLifecycleMutants,
  ...transportLifeMutants,
  ...lackingKindMutants,
];

/** Transports that break streams. */
export const streamMutants: readonly Mutant<TransportFixture>[] = [
  ...streamFlowMutants,
  ...streamEndingMutants,
  ...streamErrorMutants,
];
