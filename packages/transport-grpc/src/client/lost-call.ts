import { type ClientHttp2Session, constants } from 'node:http2';
import { ServiceError } from '@tenon/contract';
import { lostStream } from '@tenon/http';

/**
 * What a stream means that ended before the peer said how the call went. Beside what any lost stream means: a peer that wants calm has
 * too much to do, and one that ends its stream in good order has forgotten the status.
 */
export function lostCall(code: number, session: ClientHttp2Session | undefined): ServiceError {
  if (code === constants.NGHTTP2_ENHANCE_YOUR_CALM) {
    return new ServiceError('ResourceExhausted', 'the peer ended the stream: it wants fewer of them');
  }
  if (code === constants.NGHTTP2_NO_ERROR && session?.destroyed === false) {
    return new ServiceError('Internal', 'the reply ended without a status');
  }
  return lostStream(code, session);
}
