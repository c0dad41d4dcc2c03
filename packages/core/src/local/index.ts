export { LocalConnection } from './local-connection.js';
export { LocalServices, localServices } from './local-services.js';
export { type LocalValues, type Passage, passageOf } from './passage.js';
