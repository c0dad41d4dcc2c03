import type { IncomingCall, InterceptedCall } from '@tenon/contract';
import type { CallContext } from '../context/index.js';

/** A call on the server as its interceptors see it. Made only where there are interceptors. */
export function interceptedCall(incoming: IncomingCall, context: CallContext): InterceptedCall {
  return {
    side: 'server',
    kind: 'unary',
    service: context.service,
    endpoint: context.endpoint,
    value: undefined,
    metadata: incoming.metadata,
    deadline: context.deadline,
    peer: incoming.peer,
    // An own getter, so that a spread copy of the call has a signal too, and none is made before someone looks.
    get signal() {
      return context.signal;
    },
  };
}
