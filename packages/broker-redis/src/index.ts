export { redisBroker } from './redis-broker-provider.js';
export type { RedisOptions, RedisTls } from './redis-options.js';
export type { Keeping } from './scripts/publish.js';
