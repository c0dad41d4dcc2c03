import type { InterceptedCall } from '@tenon/contract';
import type { CallContext } from '../context/index.js';

/** A call or event on the server as its interceptors see it. Made only where there are interceptors. */
export function interceptedCall(context: CallContext, kind: 'unary' | 'event', value?: unknown): InterceptedCall {
  return {
    side: 'server',
    kind,
    service: context.service,
    endpoint: context.endpoint,
    value,
    metadata: context.metadata,
    deadline: context.deadline,
    peer: context.peer,
    // An own getter, so that a spread copy of the call has a signal too, and none is made before someone looks.
    get signal() {
      return context.signal;
    },
  };
}
