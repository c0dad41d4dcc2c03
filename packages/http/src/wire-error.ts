import { ServiceError } from '@tenon/contract';

/**
 * What an error of a socket means for the call.
 *
 * @param sent - whether the request was handed to a connected socket.
 * @param reused - whether the socket had carried a call before.
 */
export function wireError(error: NodeJS.ErrnoException, sent: boolean, reused: boolean): ServiceError {
  if (!sent) {
    const text = `the node cannot be reached: ${error.code ?? error.message}`;
    return new ServiceError('Unavailable', text, { cause: error, executed: 'no' });
  }
  // A failed write means that a part of the request never left, and no server runs half a request.
  const executed = error.syscall === 'write' ? 'no' : 'maybe';
  const which = reused ? 'a kept connection' : 'the connection';
  return new ServiceError('Unavailable', `${which} broke during the call: ${error.code ?? error.message}`, {
    cause: error,
    executed,
  });
}
