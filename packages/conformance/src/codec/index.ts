export { codecCases, codecConformance } from './codec-conformance.js';
export type { CodecFixture } from './fixture.js';
