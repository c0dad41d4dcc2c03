export { brokerCases, brokerConformance } from './broker-conformance.js';
export * from './fixture.js';
