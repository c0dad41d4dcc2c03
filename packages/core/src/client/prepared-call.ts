import {
  type Call,
  type CallOptions,
  type Cancellation,
  type Clock,
  checkedMetadata,
  type EndpointDescriptor,
  type Filter,
  type InterceptedCall,
  type Metadata,
  ServiceError,
} from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import { type CallContext, currentCall } from '../context/index.js';
import { byLabels, byVersion } from '../selector/filters.js';
import { EitherCancellation, SignalCancellation } from './cancellations.js';
import { longestCallMs, type ResolvedClientOptions } from './client-options.js';
import { RestartableMessages } from './restartable-messages.js';

/** A call with everything settled that its options, the client's and the call being served say about it. */
export interface PreparedCall extends Call {
  readonly messages: RestartableMessages | undefined;
  /** When it was made, in milliseconds of `Clock.now()`. */
  readonly startedAt: number;
  /** When choosing a node and connecting must be done; the same as `deadline` unless that is far away. */
  readonly readyBy: number;
  readonly filters: readonly Filter[] | undefined;
  readonly key: string | undefined;
  readonly address: string | undefined;
  readonly maxAttempts: number;
  readonly idempotent: boolean;
}

/**
 * Settles a call: its deadline is the earlier of its own and that of the call being served, and cancelling either ends
 * it.
 *
 * @param messages - the requests of a call that streams them, which has no `value`.
 * @param check - checks what the caller sends with the call.
 * @throws ServiceError `InvalidArgument` for options out of range, `DeadlineExceeded` or `Canceled` where the call being
 * served has ended; all with `executed: 'no'`.
 */
export function prepareCall(
  endpoint: EndpointDescriptor,
  value: unknown,
  messages: AsyncIterable<unknown> | undefined,
  options: CallOptions,
  client: ResolvedClientOptions,
  clock: Clock,
  check: (metadata: Metadata | undefined) => Metadata = checkedMetadata,
): PreparedCall {
  const outer = currentCall();
  const now = clock.now();
  const timeoutMs = options.timeoutMs === undefined ? client.timeoutMs : checkedTimeout(options.timeoutMs);
  const endless = endpoint.kind !== 'unary' && options.timeoutMs === undefined;
  const own = endless ? Number.POSITIVE_INFINITY : now + timeoutMs;
  const deadline = outer === undefined ? own : Math.min(own, outer.deadline);
  if (deadline <= now) throw ended('DeadlineExceeded', 'the deadline of the call being served has passed', endpoint);
  const cancellation = cancellationOf(options.signal, outer);
  if (cancellation?.canceled !== undefined)
    throw ended('Canceled', 'the call was cancelled before it was sent', endpoint, cancellation.canceled);
  return {
    endpoint,
    value,
    messages: messages === undefined ? undefined : new RestartableMessages(messages[Symbol.asyncIterator]()),
    metadata: metadataOf(options.metadata, outer, client.propagate, check),
    deadline,
    startedAt: now,
    readyBy: Math.min(deadline, now + timeoutMs),
    cancellation,
    contentType: options.contentType ?? client.contentType,
    filters: filtersOf(options),
    key: options.key,
    address: options.address,
    maxAttempts: options.maxAttempts === undefined ? client.retry.maxAttempts : checkedAttempts(options.maxAttempts),
    idempotent: options.idempotent ?? endpoint.idempotent,
  };
}

/** What interceptors may change about a call is its request, its metadata, and a deadline made earlier. */
export function withChanges(prepared: PreparedCall, changed: InterceptedCall): PreparedCall {
  const { value, messages, metadata } = changed;
  if (
    value === prepared.value &&
    messages === prepared.messages &&
    metadata === prepared.metadata &&
    changed.deadline >= prepared.deadline
  )
    return prepared;
  const deadline = Math.min(changed.deadline, prepared.deadline);
  return {
    ...prepared,
    value,
    messages: messages === undefined ? prepared.messages : restartable(messages, prepared.messages),
    metadata: metadata === prepared.metadata ? metadata : checkedMetadata(metadata),
    deadline,
    readyBy: Math.min(prepared.readyBy, deadline),
  };
}

function restartable(messages: AsyncIterable<unknown>, own: RestartableMessages | undefined): RestartableMessages {
  if (messages === own) return own;
  // The new ones are kept for another attempt, and end with the call. The own ones end when whatever wraps them does.
  own?.commit();
  return new RestartableMessages(messages[Symbol.asyncIterator]());
}

function checkedTimeout(timeoutMs: number): number {
  if (timeoutMs >= 1 && timeoutMs <= longestCallMs) return timeoutMs;
  return checkedNumber('timeoutMs', timeoutMs, { min: 1, max: longestCallMs, fallback: 0, integer: false });
}

function checkedAttempts(maxAttempts: number): number {
  return checkedNumber('maxAttempts', maxAttempts, { min: 1, max: 5, fallback: 0 });
}

function cancellationOf(signal: AbortSignal | undefined, outer: CallContext | undefined): Cancellation | undefined {
  if (signal === undefined) return outer;
  const own = new SignalCancellation(signal);
  return outer === undefined ? own : new EitherCancellation(own, outer);
}

function metadataOf(
  own: Metadata | undefined,
  outer: CallContext | undefined,
  propagate: readonly string[],
  check: (metadata: Metadata | undefined) => Metadata,
): Metadata {
  if (outer === undefined || propagate.length === 0) return check(own);
  const sent: Record<string, string> = Object.create(null);
  for (const key of propagate) {
    const value = outer.metadata[key];
    if (value !== undefined) sent[key] = value;
  }
  return checkedMetadata(own === undefined ? sent : Object.assign(sent, check(own)));
}

function filtersOf({ version, labels, filters }: CallOptions): readonly Filter[] | undefined {
  if (version === undefined && labels === undefined) return filters;
  return [
    ...(version === undefined ? [] : [byVersion(version)]),
    ...(labels === undefined ? [] : [byLabels(labels)]),
    ...(filters ?? []),
  ];
}

function ended(
  code: 'Canceled' | 'DeadlineExceeded',
  message: string,
  endpoint: EndpointDescriptor,
  cause?: unknown,
): ServiceError {
  return new ServiceError(code, message, { executed: 'no', service: endpoint.service, endpoint: endpoint.name, cause });
}
