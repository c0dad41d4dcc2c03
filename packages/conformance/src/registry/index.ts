export * from './fixture.js';
export * from './golden-record.js';
export { registryCases, registryConformance } from './registry-conformance.js';
