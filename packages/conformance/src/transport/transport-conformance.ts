import type { Runner } from '../runner.js';
import { type ConformanceCase, type FixtureFactory, runSuite, type SuiteOptions } from '../suite.js';
import { blameCases } from './blame-cases.js';
import { endingCases } from './ending-cases.js';
import { errorCases } from './error-cases.js';
import type { TransportFixture } from './fixture.js';
import { lifeCases } from './life-cases.js';
import { lifecycleCases } from './lifecycle-cases.js';
import { badMessageCases } from './streams/bad-message-cases.js';
import { cancelCases } from './streams/cancel-cases.js';
import { flowCases, lackingKindCases } from './streams/flow-cases.js';
import { leavingCases } from './streams/leaving-cases.js';
import { pressureCases } from './streams/pressure-cases.js';
import { streamErrorCases } from './streams/stream-error-cases.js';
import { streamLifecycleCases } from './streams/stream-lifecycle-cases.js';
import { valueCases } from './value-cases.js';

/** What every transport must do for unary calls and streams. */
export const transportCases: readonly ConformanceCase<TransportFixture>[] = [
  ...valueCases,
  ...errorCases,
  ...blameCases,
  ...endingCases,
  ...lifecycleCases,
  ...lifeCases,
  ...lackingKindCases,
  ...flowCases,
  ...pressureCases,
  ...cancelCases,
  ...leavingCases,
  ...streamErrorCases,
  ...badMessageCases,
  ...streamLifecycleCases,
];

/**
 * Tests a transport against the contract.
 *
 * @example
 * transportConformance({ describe, it }, { create: () => newFixture() });
 */
export function transportConformance(
  runner: Runner,
  fixtures: FixtureFactory<TransportFixture>,
  options: SuiteOptions = {},
): void {
  runSuite(runner, 'Transport', transportCases, fixtures, options);
}
