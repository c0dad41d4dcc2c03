import type { Call, InterceptedCall } from '@tenon/contract';

/** A client's call as its interceptors see it. Made only where there are interceptors. */
export function interceptedCall(call: Call): InterceptedCall {
  const { endpoint, value, metadata, deadline } = call;
  return {
    side: 'client',
    kind: endpoint.kind,
    service: endpoint.service,
    endpoint: endpoint.name,
    value,
    metadata,
    deadline,
    // An own getter, so that a spread copy of the call has a signal too.
    get signal() {
      return call.signal ?? neverAborted();
    },
  };
}

/** The signal of a call that nobody can cancel. */
export function neverAborted(): AbortSignal {
  return new AbortController().signal;
}
