import { type CallPolicy, type EndpointDescriptor, type Priority, priorities, ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/**
 * Checks what an endpoint says about how it is called, so that a mistake shows at start and not at the first call.
 *
 * @param endpoint - as errors name it: `Greeter.Hello`.
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, that names option, endpoint and value.
 */
export function checkPolicy(policy: CallPolicy, endpoint: string): void {
  const { timeoutMs, maxAttempts, hedgeAfterMs, waitForReady, priority, keyField } = policy;
  const named = (option: keyof CallPolicy): string => `policy.${option} of ${endpoint}`;
  if (timeoutMs !== undefined) checkedTimeout(named('timeoutMs'), timeoutMs);
  if (maxAttempts !== undefined) checkedAttempts(named('maxAttempts'), maxAttempts);
  if (hedgeAfterMs !== undefined) checkedHedge(named('hedgeAfterMs'), hedgeAfterMs);
  if (priority !== undefined) checkedPriority(named('priority'), priority);
  if (waitForReady !== undefined && typeof waitForReady !== 'boolean')
    throw wrong(`${named('waitForReady')} is ${JSON.stringify(waitForReady)}; it must be true or false`);
  if (keyField !== undefined && (typeof keyField !== 'string' || keyField === ''))
    throw wrong(`${named('keyField')} is ${JSON.stringify(keyField)}; it must be the name of a field`);
  const known: readonly string[] = ['timeoutMs', 'maxAttempts', 'hedgeAfterMs', 'waitForReady', 'priority', 'keyField'];
  const unknown = Object.keys(policy).find((option) => !known.includes(option));
  if (unknown !== undefined) throw wrong(`policy.${unknown} of ${endpoint} is not one of ${known.join(', ')}`);
}

export function checkedTimeout(name: string, timeoutMs: number): number {
  if (timeoutMs >= 1 && timeoutMs <= longestCallMs) return timeoutMs;
  return checkedNumber(name, timeoutMs, { min: 1, max: longestCallMs, fallback: 0, integer: false });
}

export function checkedAttempts(name: string, maxAttempts: number): number {
  return checkedNumber(name, maxAttempts, { min: 1, max: 5, fallback: 0 });
}

export function checkedHedge(name: string, hedgeAfterMs: number): number {
  return checkedNumber(name, hedgeAfterMs, { min: 1, max: longestCallMs, fallback: 0, integer: false });
}

export function checkedPriority(name: string, priority: Priority): Priority {
  if (priorities.includes(priority)) return priority;
  throw wrong(`${name} is ${JSON.stringify(priority)}; it must be one of ${priorities.join(', ')}`);
}

/** Servers keep replies by key: what has no one reply, or no end, has no key. */
export function checkedKey(key: string, { kind, name }: EndpointDescriptor): string {
  if (!visibleAscii.test(key)) {
    // The key may be made of what nobody else should read.
    throw wrong(`idempotencyKey has ${String(key).length} characters; it must be 1 to 128 of visible ASCII`);
  }
  if (kind !== 'unary') throw wrong(`idempotencyKey was given for ${name}, which streams; only unary calls have one`);
  return key;
}

function wrong(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}

const visibleAscii = /^[\x21-\x7e]{1,128}$/;

/** The longest deadline a caller may ask for: an hour. */
export const longestCallMs = 3_600_000;
