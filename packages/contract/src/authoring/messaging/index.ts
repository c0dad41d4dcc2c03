export * from './dead-letter-message.js';
export * from './delivery-pool.js';
export * from './settler.js';
export * from './subscription-terms.js';
export * from './topic-table.js';
export * from './uuid-bytes.js';
