import type { BackoffOptions } from './backoff.js';
import { checkedNumber } from './checked-number.js';

/**
 * The waits of an options object, filled, checked and frozen: `baseMs` 10 to 60,000, `factor` 1 to 10, `maxMs` 10 to 120,000, `jitter` 0
 * to 1.
 *
 * @param name - as the user wrote it, with its owner: `consulRegistry.backoff`.
 * @throws ServiceError `InvalidArgument` that names the option, its value and its range.
 */
export function checkedBackoff(
  name: string,
  given: Partial<BackoffOptions> | undefined,
  fallback: BackoffOptions,
): BackoffOptions {
  const number = (field: keyof BackoffOptions, min: number, max: number, integer: boolean) =>
    checkedNumber(`${name}.${field}`, given?.[field], { min, max, fallback: fallback[field], integer });
  return Object.freeze({
    baseMs: number('baseMs', 10, 60_000, true),
    factor: number('factor', 1, 10, false),
    maxMs: number('maxMs', 10, 120_000, true),
    jitter: number('jitter', 0, 1, false),
  });
}
