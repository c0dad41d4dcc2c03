export * from './backoff.js';
export * from './buffer-sink.js';
export * from './checked-number.js';
export * from './codec-set.js';
export * from './latest-value.js';
export * from './silent-logger.js';
export * from './system-clock.js';
export * from './worker-pool.js';
