export type { OpenLoopLoadOptions } from './load-options.js';
export type { FailureGroup, Latencies, LoadInterval, LoadResult } from './load-result.js';
export { OpenLoopLoad } from './open-loop-load.js';
