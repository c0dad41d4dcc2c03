import type { HealthScope } from '@tenon/contract';

/** The newest result of one check. */
export interface CheckReport {
  readonly name: string;
  readonly scope: HealthScope;
  readonly status: 'up' | 'down';
  /** Why it failed. For operators: absent in what others get to see. */
  readonly error?: string;
}

/** How a process is. */
export interface HealthReport {
  /** `up` where it is alive and ready. */
  readonly status: 'up' | 'down';
  /** Whether no check of scope `liveness` fails. */
  readonly live: boolean;
  /** Whether it should get calls: no check of scope `readiness` or `liveness` fails. */
  readonly ready: boolean;
  readonly checks: readonly CheckReport[];
}

export function reportOf(checks: readonly CheckReport[]): HealthReport {
  const fails = (...scopes: readonly HealthScope[]): boolean =>
    checks.some(({ scope, status }) => status === 'down' && scopes.includes(scope));
  const ready = !fails('liveness', 'readiness');
  return Object.freeze({
    status: ready ? 'up' : 'down',
    live: !fails('liveness'),
    ready,
    checks: Object.freeze(checks),
  });
}

/** The same without the texts of errors, which may name what strangers should not know. */
export function withoutErrors(report: HealthReport): HealthReport {
  return { ...report, checks: report.checks.map(({ error: _error, ...check }) => check) };
}
