export { codecCases, codecConformance } from './codec-conformance.js';
export type { CodecFixture } from './fixture.js';
export { type NarrowCodecFixture, narrowCodecCases, narrowCodecConformance } from './narrow-codec-conformance.js';
export type { Sample } from './sample.js';
export { typedCodecCases, typedCodecConformance } from './typed-codec-conformance.js';
export type { TypedCodecFixture } from './typed-fixture.js';
