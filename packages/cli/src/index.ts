export { type ExitCode, exitCodes } from './exit-codes.js';
export { main } from './main.js';
export { run } from './run.js';
export type { Surroundings } from './surroundings.js';
