export { Health, processHealth } from './health.js';
export {
  type BackEndScope,
  type HealthOptions,
  type ResolvedHealthOptions,
  resolveHealthOptions,
} from './health-options.js';
export type { CheckReport, HealthReport } from './health-report.js';
