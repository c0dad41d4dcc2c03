export { callServer } from './call-server.js';
export {
  type DrainHook,
  type DrainMoment,
  type DrainOptions,
  DrainPlan,
  drainMoments,
  drainPlan,
} from './drain-plan.js';
export { type ResolvedServerOptions, resolveServerOptions, type ServerOptions } from './server-options.js';
