import { ServiceError } from '@tenon/contract';

/** The error for bytes that are refused. `what` never repeats the input; `offset` counts from the start of the value. */
export function refusal(what: string, offset: number): ServiceError {
  return new ServiceError('InvalidArgument', `refused compiled value: ${what} at byte ${offset}`, { executed: 'no' });
}
