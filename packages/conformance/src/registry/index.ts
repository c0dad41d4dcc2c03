export * from './fixture.js';
export * from './golden-record.js';
export { registryCases, registryConformance } from './registry-conformance.js';
export { recordOf } from './sample-record.js';
export { WatchedSet } from './watched-set.js';
