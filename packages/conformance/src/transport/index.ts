export type { TransportFixture, TransportServerSide } from './fixture.js';
export { clientSideCodecs, serverSideCodecs } from './suite-codecs.js';
export { transportCases, transportConformance } from './transport-conformance.js';
