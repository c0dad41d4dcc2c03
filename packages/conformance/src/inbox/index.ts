export * from './fixture.js';
export { inboxCases, inboxConformance } from './inbox-conformance.js';
