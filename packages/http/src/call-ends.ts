import { ServiceError } from '@tenon/contract';

// With what a served call ends where neither its reply nor an error of its handler ends it.

/** To the caller whose call comes while the server drains. */
export function serverDraining(): ServiceError {
  const text = 'the server is stopping; go to another node';
  return ServiceError.refusal('Unavailable', text, { executed: 'no', refusal: 'draining' });
}

/** To the callers whose calls are still under way where a drain is cut short. */
export function serverStopped(): ServiceError {
  return new ServiceError('Unavailable', 'the server stopped before the call had ended');
}

/** To the handler whose caller has gone. */
export function callerGone(): ServiceError {
  return new ServiceError('Canceled', 'the caller went away before the reply');
}

/** To the handler whose caller broke off within its requests. */
export function requestsCutOff(): ServiceError {
  return new ServiceError('Canceled', 'the requests of the call were cut off');
}

/** To whoever still reads the requests of a call that was answered. */
export function callAnswered(): ServiceError {
  return new ServiceError('Canceled', 'the call was answered, and its requests are of no use any more');
}

/** To whoever asks for the requests of a call that has but one. */
export function notStreamed(): ServiceError {
  return new ServiceError('FailedPrecondition', 'the caller sent one request, not a stream of them');
}

/** To the caller, for something that breaks its promise to fail with nothing but a `ServiceError`. Its text may hold secrets. */
export function unexpected(cause: unknown): ServiceError {
  return new ServiceError('Internal', 'the call failed unexpectedly', { cause });
}

/** To the caller of a handler that has run, but whose reply cannot be encoded or sent. */
export function unsendableReply(thrown: unknown): ServiceError {
  const cause = ServiceError.from(thrown);
  const code = cause.code === 'ResourceExhausted' ? 'ResourceExhausted' : 'Internal';
  return new ServiceError(code, `the reply could not be sent: ${cause.rawMessage}`, { cause, executed: 'yes' });
}
