import { Interceptor, Meter, optional, type Provider, provide, type Reply, ServiceError } from '@tenon/contract';
import { checkedNumber, silentMeter } from '@tenon/contract/authoring';
import { priorityOf } from '../context/sent-by-caller.js';
import { telemetryOf } from '../telemetry/index.js';
import { Compartment } from './compartment.js';
import { type LimitScope, limitKey } from './limit-key.js';

/** Options of {@link bulkhead}. */
export interface BulkheadOptions extends LimitScope {
  /** How many calls run at once for each of those that `by` tells apart, streams until their last message. Range 1 to 100,000. */
  readonly maxConcurrent: number;
  /** How many further ones wait for one of those to end, within their deadline. Range 0 to 100,000, default 0. */
  readonly maxWaiting?: number;
}

/**
 * Keeps calls of one sort from taking everything: of each so many run at once, some wait, and further ones are turned away before
 * they are decoded: `ResourceExhausted`, `executed: 'no'`. Bind it with the other modules.
 *
 * @throws ServiceError `InvalidArgument` that names the option.
 */
export function bulkhead(options: BulkheadOptions): Provider<Interceptor> {
  const maxConcurrent = checkedNumber('bulkhead.maxConcurrent', options.maxConcurrent ?? Number.NaN, {
    min: 1,
    max: 100_000,
    fallback: 1,
  });
  const maxWaiting = checkedNumber('bulkhead.maxWaiting', options.maxWaiting, { min: 0, max: 100_000, fallback: 0 });
  const name = options.name ?? 'bulkhead';
  const keyOf = limitKey('bulkhead', options);
  return provide(Interceptor, [optional(Meter)], (meter): Interceptor => {
    const { shed } = telemetryOf(meter ?? silentMeter());
    /** Only those with calls in them. */
    const compartments = new Map<string, Compartment>();
    return {
      name,
      places: ['early'],
      intercept: async (call, next) => {
        const key = keyOf(call);
        if (key === undefined) return next(call);
        const compartment = compartments.get(key) ?? new Compartment(maxConcurrent, maxWaiting);
        if (compartment.full) {
          const { service, endpoint, metadata } = call;
          shed.add(1, { service, endpoint, reason: 'bulkhead', priority: priorityOf(metadata) });
          throw ServiceError.refusal(
            'ResourceExhausted',
            `${name}: ${maxConcurrent} calls run and ${maxWaiting} wait already`,
            {
              executed: 'no',
              refusal: 'overloaded',
            },
          );
        }
        compartments.set(key, compartment);
        const leave = (): void => {
          compartment.leave();
          if (compartment.empty && compartments.get(key) === compartment) compartments.delete(key);
        };
        if (!compartment.enter()) await compartment.turn(call.signal);
        try {
          const reply = await next(call);
          if (reply.messages !== undefined) return { ...reply, messages: untilRead(reply.messages, leave) };
          leave();
          return reply;
        } catch (thrown) {
          leave();
          throw thrown;
        }
      },
    };
  });
}

/** The same messages; `leave` is called once when they have ended, or nobody reads on. */
function untilRead(messages: NonNullable<Reply['messages']>, leave: () => void): AsyncIterableIterator<unknown> {
  const inner = messages[Symbol.asyncIterator]();
  let left = false;
  const over = (): void => {
    if (left) return;
    left = true;
    leave();
  };
  const steps: AsyncIterableIterator<unknown> = {
    [Symbol.asyncIterator]: () => steps,
    next: async () => {
      try {
        const step = await inner.next();
        if (step.done === true) over();
        return step;
      } catch (thrown) {
        over();
        throw thrown;
      }
    },
    return: async (value) => {
      try {
        await inner.return?.(value);
      } finally {
        over();
      }
      return { done: true, value: undefined };
    },
  };
  return steps;
}
