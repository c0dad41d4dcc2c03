import { ServiceError } from '@tenon/contract';

/** Handlers fail with nothing but `ServiceError`; the text of anything else is not for the caller's eyes. */
export function fromHandler(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  return new ServiceError('Internal', 'the handler failed', { executed: 'yes', cause: thrown });
}

/** Why a reply cannot be sent: too large, or nothing that the codec can write. */
export function unfit(thrown: unknown): ServiceError {
  const cause = ServiceError.from(thrown);
  const code = cause.code === 'ResourceExhausted' ? cause.code : 'Internal';
  return new ServiceError(code, `the reply cannot be sent: ${cause.rawMessage}`, { cause, executed: 'yes' });
}
