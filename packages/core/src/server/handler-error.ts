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
 *   unless the handler itself says `no`: then it vouches that nothing was done. (An error that it passes on from a call
 *   of its own names another service, and says `no` about that call, not about this one.)
 * - Anything else becomes `Internal` with a correlation id and nothing of its text, which may hold secrets. The log line
 *   with the same id has everything.
 */
export function handlerError(thrown: unknown, place: FailurePlace, logger: Logger): ServiceError {
  const { handlerStarted, context } = place;
  const { service, endpoint } = context;
  if (thrown instanceof ServiceError) {
    const vouched = thrown.executed === 'no' && (thrown.service === undefined || thrown.service === service);
    const executed = handlerStarted && !vouched ? 'yes' : 'no';
    return thrown.with({ service: thrown.service ?? service, endpoint: thrown.endpoint ?? endpoint, executed });
  }
  const correlationId = crypto.randomUUID();
  logger.error('a handler failed', { service, endpoint, correlationId, requestId: context.requestId, error: thrown });
  return new ServiceError('Internal', `the handler failed; its log line has correlation id ${correlationId}`, {
    service,
    endpoint,
    correlationId,
    executed: handlerStarted ? 'yes' : 'no',
  });
}
