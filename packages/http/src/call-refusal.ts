import { type Call, ServiceError } from '@tenon/contract';

/** Why a call cannot be carried, before anything of it is written; undefined where it can. */
export function refusalOf(call: Call, leftMs: number): ServiceError | undefined {
  const canceled = call.cancellation?.canceled;
  if (canceled !== undefined) return canceled.with({ executed: 'no' });
  if (leftMs > 0) return undefined;
  return new ServiceError('DeadlineExceeded', 'the time for the call had run out before it began', { executed: 'no' });
}

/** Why a connection carries no further call. */
export function notOpen(state: 'draining' | 'closed'): ServiceError {
  return state === 'closed'
    ? new ServiceError('FailedPrecondition', 'the connection is closed', { executed: 'no' })
    : new ServiceError('Unavailable', 'the connection takes no further calls', { executed: 'no' });
}

/** Says in an error which call on which node it was, where whoever made it did not. */
export function namedError(error: ServiceError, { endpoint }: Call, node: string): ServiceError {
  return error.with({
    service: error.service ?? endpoint.service,
    endpoint: error.endpoint ?? endpoint.name,
    node: error.node ?? (node || undefined),
  });
}
