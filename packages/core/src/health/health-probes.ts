import type { HttpAnswer } from '@tenon/contract';
import type { AnsweredPaths, PathRequest } from '../port/answered-paths.js';
import type { Health } from './health.js';
import { type HealthReport, withoutErrors } from './health-report.js';

/**
 * Health over HTTP, for orchestrators and load balancers: `/health/live`, `/health/ready`, and `/health` with all checks.
 * Texts of errors are for operators on this machine: whoever asks from elsewhere, or through a proxy, does not get them.
 */
export function healthProbes(health: Health): AnsweredPaths {
  return {
    find: (path) => {
      const judge = judges.get(path);
      return judge && (async (request) => answerOf(await health.report(), judge, request));
    },
  };
}

interface Judge {
  readonly passes: (report: HealthReport) => boolean;
  readonly scopes: readonly string[];
}

const judges: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  ['/health', { passes: ({ ready }) => ready, scopes: ['liveness', 'readiness', 'information'] }],
  ['/health/live', { passes: ({ live }) => live, scopes: ['liveness'] }],
  ['/health/ready', { passes: ({ ready }) => ready, scopes: ['liveness', 'readiness'] }],
]);

function answerOf(report: HealthReport, { passes, scopes }: Judge, { isLocal }: PathRequest): HttpAnswer {
  const isUp = passes(report);
  const { checks } = isLocal ? report : withoutErrors(report);
  const shown = checks.filter(({ scope }) => scopes.includes(scope));
  return {
    status: isUp ? 200 : 503,
    fields,
    body: JSON.stringify({ status: isUp ? 'up' : 'down', checks: shown }),
  };
}

const fields = Object.freeze({ 'content-type': 'application/json', 'cache-control': 'no-store' });
