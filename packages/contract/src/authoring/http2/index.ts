export * from './http2-link.js';
export * from './http2-links.js';
export * from './http2-signs.js';
export * from './peers.js';
export * from './stream-resets.js';
export * from './wire-error.js';
