export * from './fixture.js';
export { registryCases, registryConformance } from './registry-conformance.js';
