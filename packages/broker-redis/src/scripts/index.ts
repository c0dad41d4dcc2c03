import { ackScript, holdScript, joinScript, takeScript } from './group.js';
import { enterScript } from './member.js';
import { publishScript } from './publish.js';
import type { Script } from './script.js';

/** All that a session loads before it is used. */
export const scripts: readonly Script[] = Object.freeze([
  publishScript,
  enterScript,
  joinScript,
  takeScript,
  ackScript,
  holdScript,
]);
