import { ServiceError } from '@tenon/contract';

/** What cannot be derived, or does not agree with a lock: `FailedPrecondition`, `executed: 'no'`. */
export function refusal(message: string): ServiceError {
  return new ServiceError('FailedPrecondition', message, { executed: 'no' });
}
