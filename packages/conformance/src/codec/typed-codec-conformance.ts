import type { Runner } from '../runner.js';
import { type ConformanceCase, type FixtureFactory, runSuite, type SuiteOptions } from '../suite.js';
import type { TypedCodecFixture } from './typed-fixture.js';
import { typedInputCases } from './typed-input-cases.js';
import { typedValueCases } from './typed-value-cases.js';

/** What every codec must do that carries nothing without a schema. */
export const typedCodecCases: readonly ConformanceCase<TypedCodecFixture>[] = [...typedValueCases, ...typedInputCases];

/**
 * Tests a codec that needs a schema for each value, as protobuf does, against the contract. Codecs that carry any value are
 * tested by {@link codecConformance}.
 *
 * @example
 * typedCodecConformance({ describe, it }, { create: () => ({ codec, schema: SampleDto, …, dispose: async () => {} }) });
 */
export function typedCodecConformance(
  runner: Runner,
  fixtures: FixtureFactory<TypedCodecFixture>,
  options: SuiteOptions = {},
): void {
  runSuite(runner, 'Codec with schemas', typedCodecCases, fixtures, options);
}
