export { byEndpoint, byLabels, byVersion } from './filters.js';
export { type P2cOptions, p2cStrategy } from './p2c.js';
export { randomStrategy } from './random.js';
export { registrySelector } from './registry-selector.js';
export { roundRobinStrategy } from './round-robin.js';
