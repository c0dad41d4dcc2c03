import { callContext, type InterceptedCall, Interceptor, type Next, type Provider, provide, type Reply } from 'tenon';

/** One thing that happened on a node. */
export interface Step {
  readonly kind: 'call' | 'event';
  /** The endpoint or the topic. */
  readonly what: string;
  readonly node: string;
}

/** An interceptor that tells what the nodes of an app do, as it happens. */
export function narrator(tell: (step: Step) => void): Provider<Interceptor> {
  return provide(Interceptor, [], () => ({
    name: 'narrator',
    places: ['server'],
    async intercept(call: InterceptedCall, next: Next): Promise<Reply> {
      const node = callContext().node ?? 'unknown';
      tell({ kind: call.kind === 'event' ? 'event' : 'call', what: call.endpoint, node });
      return next(call);
    },
  }));
}

/** A step as a person reads it. */
export function sentence({ kind, what, node }: Step): string {
  return kind === 'call'
    ? `  call   ${what.padEnd(16)} served by ${node}`
    : `  event  ${what.padEnd(16)} received by ${node}`;
}
