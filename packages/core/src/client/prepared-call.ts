import {
  type Call,
  type CallOptions,
  type Clock,
  checkedMetadata,
  type EndpointDescriptor,
  type Filter,
  type Metadata,
  ServiceError,
} from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import { type CallContext, currentCall } from '../context/index.js';
import { byLabels, byVersion } from '../selector/filters.js';
import { longestCallMs, type ResolvedClientOptions } from './client-options.js';
import { joinedSignal } from './joined-signal.js';

/** A call with everything settled that its options, the client's and the call being served say about it. */
export interface PreparedCall {
  readonly call: Call;
  readonly filters: readonly Filter[] | undefined;
  readonly key: string | undefined;
  readonly address: string | undefined;
  readonly maxAttempts: number;
  readonly idempotent: boolean;
  /** To be called when the call has ended: frees what its signal listens to. */
  readonly release: () => void;
}

/**
 * Settles a call: its deadline is the earlier of its own and that of the call being served, and cancelling either ends
 * it.
 *
 * @throws ServiceError `InvalidArgument` for options out of range, `DeadlineExceeded` or `Canceled` where the call being
 * served has ended; all with `executed: 'no'`.
 */
export function prepareCall(
  endpoint: EndpointDescriptor,
  value: unknown,
  options: CallOptions,
  client: ResolvedClientOptions,
  clock: Clock,
): PreparedCall {
  const outer = currentCall();
  const timeoutMs = checkedNumber('timeoutMs', options.timeoutMs, {
    min: 1,
    max: longestCallMs,
    fallback: client.timeoutMs,
    integer: false,
  });
  const now = clock.now();
  const deadline = outer === undefined ? now + timeoutMs : Math.min(now + timeoutMs, outer.deadline);
  if (deadline <= now) throw ended('DeadlineExceeded', 'the deadline of the call being served has passed', endpoint);
  if (options.signal?.aborted === true || outer?.canceled !== undefined)
    throw ended('Canceled', 'the call was cancelled before it was sent', endpoint);
  const maxAttempts = checkedNumber('maxAttempts', options.maxAttempts, {
    min: 1,
    max: 5,
    fallback: client.retry.maxAttempts,
  });
  const metadata = metadataOf(options.metadata, outer, client.propagate);
  // Last, because it listens: nothing may throw from here on.
  const { signal, release } = signalOf(options.signal, outer);
  return {
    call: { endpoint, value, metadata, deadline, signal, contentType: options.contentType ?? client.contentType },
    filters: filtersOf(options),
    key: options.key,
    address: options.address,
    maxAttempts,
    idempotent: options.idempotent ?? endpoint.idempotent,
    release,
  };
}

function signalOf(
  own: AbortSignal | undefined,
  outer: CallContext | undefined,
): { readonly signal: AbortSignal | undefined; readonly release: () => void } {
  if (outer === undefined) return { signal: own, release: nothing };
  return own === undefined ? { signal: outer.signal, release: nothing } : joinedSignal(own, outer.signal);
}

function nothing(): void {}

function metadataOf(own: Metadata | undefined, outer: CallContext | undefined, propagate: readonly string[]): Metadata {
  if (outer === undefined || propagate.length === 0) return checkedMetadata(own);
  const sent: Record<string, string> = Object.create(null);
  for (const key of propagate) {
    const value = outer.metadata[key];
    if (value !== undefined) sent[key] = value;
  }
  return checkedMetadata(own === undefined ? sent : Object.assign(sent, checkedMetadata(own)));
}

function filtersOf({ version, labels, filters }: CallOptions): readonly Filter[] | undefined {
  if (version === undefined && labels === undefined) return filters;
  return [
    ...(version === undefined ? [] : [byVersion(version)]),
    ...(labels === undefined ? [] : [byLabels(labels)]),
    ...(filters ?? []),
  ];
}

function ended(code: 'Canceled' | 'DeadlineExceeded', message: string, endpoint: EndpointDescriptor): ServiceError {
  return new ServiceError(code, message, { executed: 'no', service: endpoint.service, endpoint: endpoint.name });
}
