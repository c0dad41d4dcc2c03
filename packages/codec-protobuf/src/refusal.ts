import { ServiceError } from '@tenon/contract';

/** What is refused for what it is: `InvalidArgument`, `executed: 'no'`. The message never repeats a value. */
export function refusal(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}

/** The error for bytes that are refused. `offset` counts from the start of the message. */
export function malformed(what: string, offset: number): ServiceError {
  return refusal(`malformed protobuf: ${what} at byte ${offset}`);
}
