import type { Runner } from '../runner.js';
import { type ConformanceCase, type FixtureFactory, runSuite, type SuiteOptions } from '../suite.js';
import type { SelectorFixture } from './fixture.js';
import { setCases } from './set-cases.js';
import { shareCases } from './share-cases.js';

/** What every selector must do, and what each kind of strategy must do with it. */
export const selectorCases: readonly ConformanceCase<SelectorFixture>[] = [...setCases, ...shareCases];

/**
 * Tests a selector, with one strategy, against the contract.
 *
 * @example
 * selectorConformance({ describe, it }, { create: () => newFixture('p2c') });
 */
export function selectorConformance(
  runner: Runner,
  fixtures: FixtureFactory<SelectorFixture>,
  options: SuiteOptions = {},
): void {
  runSuite(runner, 'Selector', selectorCases, fixtures, options);
}
