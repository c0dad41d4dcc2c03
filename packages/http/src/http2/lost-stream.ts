import { type ClientHttp2Session, constants } from 'node:http2';
import { ServiceError } from '@tenon/contract';

/** Why no stream could be opened: nothing of the call has left. */
export function unopenedStream(session: ClientHttp2Session, cause: unknown): ServiceError {
  const refusal = session.closed && !session.destroyed ? 'draining' : undefined;
  return new ServiceError('Unavailable', 'the session takes no further calls', { executed: 'no', refusal, cause });
}

/**
 * What a stream that ended before its reply was whole means: a refused one never reached the handler (RFC 9113 §8.7), and of any
 * other nobody can tell.
 */
export function lostStream(code: number, session: ClientHttp2Session | undefined): ServiceError {
  if (code === constants.NGHTTP2_REFUSED_STREAM) {
    // Where the peer does not leave, it has more streams than it takes. Node gives the streams that a GOAWAY does not name the
    // same code.
    const refusal = session?.closed === true ? 'draining' : 'overloaded';
    return new ServiceError('Unavailable', 'the peer refused the stream unread', { executed: 'no', refusal });
  }
  return new ServiceError('Unavailable', `the stream ended before the reply was whole, with code ${code}`);
}
