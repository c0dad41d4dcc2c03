import type { Runner } from '../runner.js';
import { type ConformanceCase, type FixtureFactory, runSuite, type SuiteOptions } from '../suite.js';
import { announcementCases } from './announcement-cases.js';
import { bufferCases } from './buffer-cases.js';
import type { CodecFixture } from './fixture.js';
import { inputCases } from './input-cases.js';
import { linkedCases } from './linked-cases.js';
import { valueCases } from './value-cases.js';

/** What every codec must do. */
export const codecCases: readonly ConformanceCase<CodecFixture>[] = [
  ...valueCases,
  ...inputCases,
  ...bufferCases,
  ...linkedCases,
  ...announcementCases,
];

/**
 * Tests a codec against the contract.
 *
 * @example
 * codecConformance({ describe, it }, { create: () => ({ codec: new YamlCodec(), …, dispose: async () => {} }) });
 */
export function codecConformance(
  runner: Runner,
  fixtures: FixtureFactory<CodecFixture>,
  options: SuiteOptions = {},
): void {
  runSuite(runner, 'Codec', codecCases, fixtures, options);
}
