import type { CodecFixture } from '@tenon/conformance';
import { codecBufferMutants } from './codec-buffer-mutants.js';
import { codecInputMutants } from './codec-input-mutants.js';
import { codecLinkedMutants } from './codec-linked-mutants.js';
import { codecValueMutants } from './codec-value-mutants.js';
import type { Mutant } from './prove-cases.js';

/** Broken codecs, in the order of the cases. */
export const codecMutants: readonly Mutant<CodecFixture>[] = [
  ...codecValueMutants,
  ...codecInputMutants,
  ...codecBufferMutants,
  ...codecLinkedMutants,
];
