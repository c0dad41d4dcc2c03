import { ServiceError } from '@tenon/contract';

/** The error for bytes that end before the value does. `offset` counts from the start of the message. */
export function cutShort(offset: number): ServiceError {
  return new ServiceError('InvalidArgument', `malformed MessagePack: cut short at byte ${offset}`, { executed: 'no' });
}

/** The error for bytes that are refused. `what` never repeats the input; `offset` counts from the start of the message. */
export function refusal(what: string, offset: number): ServiceError {
  return new ServiceError('InvalidArgument', `refused MessagePack: ${what} at byte ${offset}`, { executed: 'no' });
}
