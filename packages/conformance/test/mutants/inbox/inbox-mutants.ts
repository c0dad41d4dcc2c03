import type { InboxFixture } from '@tenon/conformance';
import type { Mutant } from '../prove-cases.js';
import { markMutants } from './mark-mutants.js';
import { reachMutants } from './reach-mutants.js';

/** Broken stores of inboxes, in the order of the cases that catch them. */
export const inboxMutants: readonly Mutant<InboxFixture>[] = [...markMutants, ...reachMutants];
