import { ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** When a failing node is left out for a while. */
export interface EjectionOptions {
  /** Failures in a row that eject a node. Range 1 to 1,000, default 5, as in Envoy and Finagle. */
  readonly consecutiveFailures?: number;
  /** A node whose share of good outcomes is lower is ejected. Range 0 (never) to 1, default 0.8, as in Finagle. */
  readonly minSuccessRate?: number;
  /** Outcomes that the rate needs, so that one failure among three says nothing. Range 1 to 100,000, default 10. */
  readonly minRequests?: number;
  /** How far back the rate looks. Range 100 to 600,000, default 10,000. */
  readonly intervalMs?: number;
  /**
   * How long the first ejection lasts at most; half of it is fixed and half random, so that clients do not come back
   * together. It doubles with each further ejection. Range 10 to 600,000, default 1,000: a restart takes about as long.
   */
  readonly baseHoldMs?: number;
  /**
   * No ejection is longer; a node that took part for so long has its earlier ones forgotten. Range 10 to 3,600,000,
   * default 30,000. One below `baseHoldMs` is refused.
   */
  readonly maxHoldMs?: number;
}

export interface SelectorOptions {
  /** When a failing node is left out for a while; `false` never does it. */
  readonly ejection?: EjectionOptions | false;
  /**
   * Where fewer of a call's candidates are healthy, ejected ones are used again: the few that are left would break under
   * the load of all. Range 0 (only where none is healthy) to 1, default 0.5, as in Envoy and Finagle.
   */
  readonly panicBelow?: number;
  /**
   * How long the share of a node grows that joins a service, or that comes back from an ejection. Range 0 (all of it at
   * once) to 600,000, default 10,000.
   */
  readonly slowStartMs?: number;
  /**
   * How long nodes that the registry dropped most at once stay in use without a success. Range 0 (the registry is always
   * believed) to 3,600,000, default 60,000: a registry that lost its data has the nodes again within their time to live.
   */
  readonly doubtMs?: number;
}

export type ResolvedEjection = Readonly<Required<EjectionOptions>>;

/** Options copied, filled, checked and frozen: the only form that the rest reads. */
export interface ResolvedSelector {
  readonly ejection: ResolvedEjection | undefined;
  readonly panicBelow: number;
  readonly slowStartMs: number;
  readonly doubtMs: number;
}

/** @throws ServiceError `InvalidArgument` that names the option and its value. */
export function resolveSelectorOptions(options: SelectorOptions): ResolvedSelector {
  const { ejection, panicBelow, slowStartMs, doubtMs } = options;
  return Object.freeze({
    ejection: ejection === false ? undefined : resolveEjection(ejection ?? {}),
    panicBelow: checkedNumber('registrySelector.panicBelow', panicBelow, {
      min: 0,
      max: 1,
      fallback: 0.5,
      integer: false,
    }),
    slowStartMs: checkedNumber('registrySelector.slowStartMs', slowStartMs, { min: 0, max: 600_000, fallback: 10_000 }),
    doubtMs: checkedNumber('registrySelector.doubtMs', doubtMs, { min: 0, max: 3_600_000, fallback: 60_000 }),
  });
}

function resolveEjection(options: EjectionOptions): ResolvedEjection {
  const baseHoldMs = checkedNumber('registrySelector.ejection.baseHoldMs', options.baseHoldMs, {
    min: 10,
    max: 600_000,
    fallback: 1_000,
  });
  const longest = checkedNumber('registrySelector.ejection.maxHoldMs', options.maxHoldMs, {
    min: 10,
    max: 3_600_000,
    fallback: 30_000,
  });
  const maxHoldMs = options.maxHoldMs === undefined ? Math.max(longest, baseHoldMs) : longest;
  if (maxHoldMs < baseHoldMs) {
    const what = `registrySelector.ejection.maxHoldMs is ${maxHoldMs}`;
    throw new ServiceError('InvalidArgument', `${what}; it must be at least baseHoldMs, ${baseHoldMs}`, {
      executed: 'no',
    });
  }
  return Object.freeze({
    consecutiveFailures: checkedNumber('registrySelector.ejection.consecutiveFailures', options.consecutiveFailures, {
      min: 1,
      max: 1_000,
      fallback: 5,
    }),
    minSuccessRate: checkedNumber('registrySelector.ejection.minSuccessRate', options.minSuccessRate, {
      min: 0,
      max: 1,
      fallback: 0.8,
      integer: false,
    }),
    minRequests: checkedNumber('registrySelector.ejection.minRequests', options.minRequests, {
      min: 1,
      max: 100_000,
      fallback: 10,
    }),
    intervalMs: checkedNumber('registrySelector.ejection.intervalMs', options.intervalMs, {
      min: 100,
      max: 600_000,
      fallback: 10_000,
    }),
    baseHoldMs,
    maxHoldMs,
  });
}
