import { type Logger, ServiceError } from '@tenon/contract';
import type { CallContext } from '../context/index.js';

/** Where a call stood when it failed. */
export interface FailurePlace {
  /** Whether the handler had been entered. */
  readonly handlerStarted: boolean;
  readonly context: CallContext;
}

/**
 * The error that a caller gets for what was thrown while serving its call.
 *
 * - A `ServiceError` passes with its code, message and details. Once the handler had begun it is `executed: 'yes'`,
 *   unless the handler itself says `no`: then it vouches that nothing was done. An error that it passes on from a call
 *   or a publication of its own names a service or an endpoint, and says `no` about that one, not about this.
 * - Anything else becomes `Internal` with a correlation id and nothing of its text, which may hold secrets. The log line
 *   with the same id has everything.
 */
export function handlerError(thrown: unknown, place: FailurePlace, logger: Logger): ServiceError {
  const { handlerStarted, context } = place;
  const { service, endpoint } = context;
  if (thrown instanceof ServiceError) {
    const passedOn = thrown.service !== undefined || thrown.endpoint !== undefined;
    const vouched = thrown.executed === 'no' && !passedOn;
    return thrown.with({
      service: thrown.service ?? service,
      endpoint: thrown.endpoint ?? endpoint,
      executed: handlerStarted && !vouched ? 'yes' : 'no',
      // That another server was leaving, or had too much to do, says nothing about this one.
      refusal: passedOn ? undefined : thrown.refusal,
      answered: true,
    });
  }
  // The usual end of a handler that heeded its signal. Its caller has been answered; there is nothing to find out.
  if (context.canceled !== undefined && isAbort(thrown)) return context.canceled;
  const correlationId = crypto.randomUUID();
  logger.error('a handler failed', { service, endpoint, correlationId, requestId: context.requestId, error: thrown });
  return new ServiceError('Internal', `the handler failed; its log line has correlation id ${correlationId}`, {
    service,
    endpoint,
    correlationId,
    executed: handlerStarted ? 'yes' : 'no',
    answered: true,
  });
}

function isAbort(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'name' in thrown && thrown.name === 'AbortError';
}
