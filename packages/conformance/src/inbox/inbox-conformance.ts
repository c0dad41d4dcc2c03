import type { Runner } from '../runner.js';
import { type ConformanceCase, runSuite, type SuiteOptions } from '../suite.js';
import type { InboxFixture, InboxFixtureFactory } from './fixture.js';
import { markCases } from './mark-cases.js';
import { reachCases } from './reach-cases.js';

/** Every promise of the `InboxStore` seam, as one case each. */
export const inboxCases: readonly ConformanceCase<InboxFixture>[] = Object.freeze([...markCases, ...reachCases]);

/** Runs the suite of inbox stores: each case on a fixture of its own. */
export function inboxConformance(runner: Runner, fixtures: InboxFixtureFactory, options?: SuiteOptions): void {
  runSuite(runner, 'InboxStore', inboxCases, fixtures, options);
}
