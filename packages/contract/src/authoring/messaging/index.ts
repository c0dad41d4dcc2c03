export * from './dead-letter-message.js';
export * from './settle.js';
export * from './subscription-terms.js';
export * from './topic-table.js';
export * from './uuid-bytes.js';
