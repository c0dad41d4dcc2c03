export { codecCases, codecConformance } from './codec-conformance.js';
export type { CodecFixture } from './fixture.js';
export { type NarrowCodecFixture, narrowCodecCases, narrowCodecConformance } from './narrow-codec-conformance.js';
