export type { FreezableWay, TransportFixture, TransportServerSide } from './fixture.js';
export { FreezableRelay } from './freezable-relay.js';
export { clientSideCodecs, serverSideCodecs } from './suite-codecs.js';
export { TestCancellation, testCancellation } from './test-cancellation.js';
export { transportCases, transportConformance } from './transport-conformance.js';
