import type { Call, Clock, InterceptedCall } from '@tenon/contract';
import { onEnd } from './until-end.js';

/** A client's call as its interceptors see it, and what ends the watch behind its signal. */
export interface SeenCall {
  readonly call: InterceptedCall;
  readonly release: () => void;
}

/** Made only where there are interceptors. Its signal is made at the first look at it. */
export function interceptedCall(call: Call, clock: Clock): SeenCall {
  const { endpoint, value, metadata, deadline } = call;
  const end = new AbortController();
  let watch: (() => void) | undefined;
  return {
    call: {
      side: 'client',
      kind: endpoint.kind,
      service: endpoint.service,
      endpoint: endpoint.name,
      value,
      metadata,
      deadline,
      // An own getter, so that a spread copy of the call has a signal too.
      get signal() {
        // Whoever rethrows the reason cannot know how far the call had got.
        watch ??= onEnd(call, clock, (error) => end.abort(error.with({ executed: 'maybe' })));
        return end.signal;
      },
    },
    release: () => {
      watch?.();
      watch = () => {};
    },
  };
}
