import { ServiceError } from '@tenon/contract';

/**
 * What an error of a socket or of Node's HTTP client means for the call.
 *
 * @param sent - whether the request was handed to a connected socket.
 */
export function wireError(error: NodeJS.ErrnoException, sent: boolean, reused: boolean): ServiceError {
  if (error.code?.startsWith('HPE_')) {
    return new ServiceError('Internal', `the peer answered with what is no HTTP: ${error.message}`, { cause: error });
  }
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
