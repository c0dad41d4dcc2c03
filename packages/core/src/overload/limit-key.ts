import { type InterceptedCall, ServiceError } from '@tenon/contract';
import { currentCall } from '../context/index.js';

/** What a limit is kept for: each endpoint, each service, each caller, or all calls together. */
export type LimitBy = 'all' | 'endpoint' | 'service' | 'peer';

/** Which calls a limit is for, and which of them share it. */
export interface LimitScope {
  /** Tells several of one kind apart; a later one with the same name replaces it. Default: the kind alone. */
  readonly name?: string;
  /**
   * Who shares a limit. `peer` is who the caller has proved to be, else the address of its machine: behind a proxy that is one for
   * everybody.
   */
  readonly by?: LimitBy;
  /** Only calls to these, as `Greeter.Hello`. Default: all endpoints. */
  readonly endpoints?: readonly string[];
}

/** The limit that a call comes under; undefined where it comes under none. */
export type LimitKey = (call: InterceptedCall) => string | undefined;

/**
 * Events have limits of their own, and what a caller makes up is no endpoint: neither comes under a limit.
 *
 * @throws ServiceError `InvalidArgument` for a scope that is none.
 */
export function limitKey(kind: string, { by = 'endpoint', endpoints }: LimitScope): LimitKey {
  const keyOf = keys[by];
  if (keyOf === undefined) {
    const text = `${kind}.by is ${JSON.stringify(by)}; it must be one of ${Object.keys(keys).join(', ')}`;
    throw new ServiceError('InvalidArgument', text, { executed: 'no' });
  }
  const only = endpoints === undefined ? undefined : new Set(endpoints);
  return (call) => {
    if (call.kind === 'event' || currentCall()?.node === undefined) return undefined;
    return only === undefined || only.has(call.endpoint) ? keyOf(call) : undefined;
  };
}

const keys: Readonly<Record<LimitBy, (call: InterceptedCall) => string>> = Object.freeze({
  all: () => '',
  endpoint: ({ service, endpoint }) => `${service}\n${endpoint}`,
  service: ({ service }) => service,
  peer: ({ peer }) => peer?.identity ?? peer?.address.replace(/:\d+$/, '') ?? '',
});
