import { type EndpointKind, ServiceError } from '@tenon/contract';

// What a served call ends with where its request or its reply is at fault.

/** Why a request is refused that is longer than the server takes. */
export function requestTooLong(limit: number): ServiceError {
  return ServiceError.refusal('ResourceExhausted', `the request is over the limit of ${limit} bytes`, {
    executed: 'no',
  });
}

/** Why a message of the client's stream cannot be taken. */
export function unreadableMessage(thrown: unknown): ServiceError {
  const cause = ServiceError.from(thrown, { code: 'InvalidArgument' });
  return new ServiceError(cause.code, `a message of the stream cannot be read: ${cause.rawMessage}`, { cause });
}

/** Why a reply cannot be sent, of which the handler has run. */
export function unsendable(what: 'the reply' | 'a reply', thrown: unknown): ServiceError {
  const cause = ServiceError.from(thrown);
  const code = cause.code === 'ResourceExhausted' ? cause.code : 'Internal';
  return new ServiceError(code, `${what} cannot be sent: ${cause.rawMessage}`, { cause, executed: 'yes' });
}

/** What the replies of a stream threw. What is no `ServiceError` may hold what is not for the caller's eyes. */
export function handlerFailure(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  return new ServiceError('Internal', 'the handler failed', { executed: 'yes', cause: thrown });
}

/** A call was answered with one reply where there must be many, or the other way round. */
export function unfit(kind: EndpointKind): ServiceError {
  return new ServiceError('Internal', `the handler answered a call of kind ${kind} as if it were of another`);
}
