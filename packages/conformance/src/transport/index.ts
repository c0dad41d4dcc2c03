export type { TransportFixture, TransportServerSide } from './fixture.js';
export { clientSideCodecs, serverSideCodecs } from './suite-codecs.js';
export { TestCancellation, testCancellation } from './test-cancellation.js';
export { transportCases, transportConformance } from './transport-conformance.js';
