export * from './message-output.js';
export * from './message-pump.js';
export * from './message-queue.js';
