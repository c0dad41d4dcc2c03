import { Clock, Interceptor, Meter, optional, type Provider, provide, ServiceError } from '@tenon/contract';
import { checkedNumber, silentMeter } from '@tenon/contract/authoring';
import { priorityOf } from '../context/sent-by-caller.js';
import { telemetryOf } from '../telemetry/index.js';
import { type LimitScope, limitKey } from './limit-key.js';
import { TokenBucket } from './token-bucket.js';

/** Options of {@link rateLimit}. */
export interface RateLimitOptions extends LimitScope {
  /** How many calls a second each of those that `by` tells apart may make on average. Range 0.001 to 10,000,000. */
  readonly perSecond: number;
  /** How many at once after a pause. Range 1 to 10,000,000, default: those of one second, at least 1. */
  readonly burst?: number;
}

/**
 * Turns calls away that come faster than a rate, before they are decoded: `ResourceExhausted`, `executed: 'no'`. Bind it with the other
 * modules. At most 10,000 callers are told apart; the one that was seen longest ago is forgotten first.
 *
 * @throws ServiceError `InvalidArgument` that names the option.
 */
export function rateLimit(options: RateLimitOptions): Provider<Interceptor> {
  const perSecond = checkedNumber('rateLimit.perSecond', options.perSecond ?? Number.NaN, {
    min: 0.001,
    max: 10_000_000,
    fallback: 1,
    integer: false,
  });
  const burst = checkedNumber('rateLimit.burst', options.burst, {
    min: 1,
    max: 10_000_000,
    fallback: Math.max(1, perSecond),
    integer: false,
  });
  const name = options.name ?? 'rate-limit';
  const keyOf = limitKey('rateLimit', options);
  return provide(Interceptor, [Clock, optional(Meter)], (clock, meter): Interceptor => {
    const { shed } = telemetryOf(meter ?? silentMeter());
    const buckets = new Map<string, TokenBucket>();
    return {
      name,
      places: ['early'],
      intercept: (call, next) => {
        const key = keyOf(call);
        if (key === undefined) return next(call);
        const now = clock.now();
        const bucket = buckets.get(key) ?? new TokenBucket({ perSecond, burst }, now);
        // Whoever was seen last stands last.
        buckets.delete(key);
        buckets.set(key, bucket);
        if (buckets.size > maxKeys) for (const oldest of buckets.keys()) if (buckets.delete(oldest)) break;
        if (bucket.take(now)) return next(call);
        const { service, endpoint, metadata } = call;
        shed.add(1, { service, endpoint, reason: 'rate_limit', priority: priorityOf(metadata) });
        throw ServiceError.refusal('ResourceExhausted', `${name}: more than ${perSecond} calls a second`, {
          executed: 'no',
          refusal: 'overloaded',
        });
      },
    };
  });
}

const maxKeys = 10_000;
