import type { Runner } from '../runner.js';
import { type ConformanceCase, runSuite, type SuiteOptions } from '../suite.js';
import { faultCases } from './fault-cases.js';
import type { RegistryFixture, RegistryFixtureFactory } from './fixture.js';
import { leaseCases } from './lease-cases.js';
import { registrationCases } from './registration-cases.js';
import { watchCases } from './watch-cases.js';

/** Every promise of the `Registry` seam, as one case each. */
export const registryCases: readonly ConformanceCase<RegistryFixture>[] = Object.freeze([
  ...registrationCases,
  ...watchCases,
  ...leaseCases,
  ...faultCases,
]);

/** Runs the registry suite: each case on a fixture of its own. */
export function registryConformance(runner: Runner, fixtures: RegistryFixtureFactory, options?: SuiteOptions): void {
  runSuite(runner, 'Registry', registryCases, fixtures, options);
}
