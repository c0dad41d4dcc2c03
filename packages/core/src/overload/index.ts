export { type BulkheadOptions, bulkhead } from './bulkhead.js';
export type { ConcurrencyOptions } from './concurrency-options.js';
export type { IdempotencyOptions } from './idempotency-options.js';
export type { LimitBy, LimitScope } from './limit-key.js';
export type { QueueOptions } from './queue-options.js';
export { type RateLimitOptions, rateLimit } from './rate-limit.js';
