import type { Runner } from '../runner.js';
import { type ConformanceCase, runSuite, type SuiteOptions } from '../suite.js';
import { acknowledgedCases } from './acknowledged-cases.js';
import { deliveryCases } from './delivery-cases.js';
import { faultCases } from './fault-cases.js';
import type { BrokerFixture, BrokerFixtureFactory } from './fixture.js';
import { patternCases } from './pattern-cases.js';
import { subscriptionCases } from './subscription-cases.js';

/** Every promise of the `Broker` seam, as one case each. */
export const brokerCases: readonly ConformanceCase<BrokerFixture>[] = Object.freeze([
  ...deliveryCases,
  ...subscriptionCases,
  ...patternCases,
  ...acknowledgedCases,
  ...faultCases,
]);

/** Runs the broker suite: each case on a fixture of its own. */
export function brokerConformance(runner: Runner, fixtures: BrokerFixtureFactory, options?: SuiteOptions): void {
  runSuite(runner, 'Broker', brokerCases, fixtures, options);
}
