import { ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** What follows from a back end that cannot be used now. */
export type BackEndScope = 'readiness' | 'information';

/** How a process judges whether it is well. All fields are optional. */
export interface HealthOptions {
  /**
   * How often checks run while the app serves, and how long a result counts: probes from outside get the newest result and
   * never make more work. Range 100 to 3,600,000 ms, default 1,000.
   */
  readonly intervalMs?: number;
  /** How long one run of a check may take; then it has failed. Range 1 to 3,600,000 ms, default 2,000. */
  readonly checkTimeoutMs?: number;
  /**
   * How late the event loop may be. Later, the app is not ready until it has kept up for a second. Range 10 to 3,600,000 ms,
   * default 1,000.
   */
  readonly maxLagMs?: number;
  /**
   * How long the app must have been not ready until its nodes leave the registry. Range 0 to 3,600,000 ms, default 1,500: one
   * block of the event loop, over when it is noticed, does not empty a fleet that is slow together.
   */
  readonly leaveAfterMs?: number;
  /** How long the app must have been ready again until its nodes return. Range 0 to 3,600,000 ms, default 1,000. */
  readonly returnAfterMs?: number;
  /**
   * What follows where the registry cannot be used. Default `information`: nodes that serve are found by whoever knows them
   * already, and a registry that dies must not take the traffic along.
   */
  readonly registry?: BackEndScope;
  /** The same for the broker. Default `information`. */
  readonly broker?: BackEndScope;
}

/** {@link HealthOptions}, filled and checked. */
export type ResolvedHealthOptions = Required<HealthOptions>;

/** @throws ServiceError `InvalidArgument` that names the option, its value and its range. */
export function resolveHealthOptions(options: HealthOptions = {}): ResolvedHealthOptions {
  const milliseconds = (name: string, value: number | undefined, fallback: number, min: number): number =>
    checkedNumber(`health.${name}`, value, { min, max: 3_600_000, fallback });
  return Object.freeze({
    intervalMs: milliseconds('intervalMs', options.intervalMs, 1_000, 100),
    checkTimeoutMs: milliseconds('checkTimeoutMs', options.checkTimeoutMs, 2 * 1_000, 1),
    maxLagMs: milliseconds('maxLagMs', options.maxLagMs, 1_000, 10),
    leaveAfterMs: milliseconds('leaveAfterMs', options.leaveAfterMs, 1_500, 0),
    returnAfterMs: milliseconds('returnAfterMs', options.returnAfterMs, 1_000, 0),
    registry: checkedScope('health.registry', options.registry),
    broker: checkedScope('health.broker', options.broker),
  });
}

function checkedScope(name: string, scope: BackEndScope = 'information'): BackEndScope {
  if (scope === 'readiness' || scope === 'information') return scope;
  const text = `${name} is ${JSON.stringify(scope)}; it must be "readiness" or "information"`;
  throw new ServiceError('InvalidArgument', text, { executed: 'no' });
}
