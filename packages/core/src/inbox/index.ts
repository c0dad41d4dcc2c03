export { inbox } from './inbox.js';
export type { InboxOptions } from './inbox-options.js';
