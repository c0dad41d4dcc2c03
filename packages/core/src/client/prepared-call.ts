import {
  type Call,
  type CallOptions,
  type Cancellation,
  type Clock,
  callMetadata,
  checkedMetadata,
  type EndpointDescriptor,
  type Filter,
  type InterceptedCall,
  type Metadata,
  ServiceError,
} from '@tenon/contract';
import { type CallContext, currentCall } from '../context/index.js';
import { byLabels, byVersion } from '../selector/filters.js';
import { checkedAttempts, checkedHedge, checkedKey, checkedPriority, checkedTimeout } from './call-checks.js';
import { EitherCancellation, SignalCancellation } from './cancellations.js';
import type { ResolvedClientOptions } from './client-options.js';
import { RestartableMessages } from './restartable-messages.js';
import { sentMetadata } from './sent-metadata.js';

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
  readonly idempotencyKey: string | undefined;
  /** Undefined also for a call that cannot be hedged. */
  readonly hedgeAfterMs: number | undefined;
  readonly waitForReady: boolean;
  /** The handler that makes it serves a repetition: of a chain of calls one layer repeats. */
  readonly servesRepetition: boolean;
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
  const { policy } = endpoint;
  const asked = options.timeoutMs ?? policy?.timeoutMs;
  const timeoutMs = asked === undefined ? client.timeoutMs : checkedTimeout('timeoutMs', asked);
  const endless = endpoint.kind !== 'unary' && asked === undefined;
  const own = endless ? Number.POSITIVE_INFINITY : now + timeoutMs;
  const deadline = outer === undefined ? own : Math.min(own, outer.deadline);
  if (deadline <= now) throw ended('DeadlineExceeded', 'the deadline of the call being served has passed', endpoint);
  const cancellation = cancellationOf(options.signal, outer);
  if (cancellation?.canceled !== undefined)
    throw ended('Canceled', 'the call was cancelled before it was sent', endpoint, cancellation.canceled);
  const askedAttempts = options.maxAttempts ?? policy?.maxAttempts;
  const maxAttempts =
    askedAttempts === undefined ? client.retry.maxAttempts : checkedAttempts('maxAttempts', askedAttempts);
  const idempotent = options.idempotent ?? endpoint.idempotent;
  const idempotencyKey =
    options.idempotencyKey === undefined ? undefined : checkedKey(options.idempotencyKey, endpoint);
  const priority = options.priority ?? policy?.priority;
  const hedgeAfterMs = options.hedgeAfterMs ?? policy?.hedgeAfterMs;
  const hedged = hedgeAfterMs !== undefined && checkedHedge('hedgeAfterMs', hedgeAfterMs) > 0;
  const servesRepetition = outer !== undefined && outer.metadata[callMetadata.attempt] !== undefined;
  const mayHedge = hedged && !servesRepetition && isHedgeable(endpoint, options, idempotent, maxAttempts);
  return {
    endpoint,
    value,
    messages: messages === undefined ? undefined : new RestartableMessages(messages[Symbol.asyncIterator]()),
    metadata: sentMetadata(
      metadataOf(options.metadata, outer, client.propagate, check),
      priority === undefined ? outer?.metadata[callMetadata.priority] : checkedPriority('priority', priority),
      idempotencyKey,
    ),
    deadline,
    startedAt: now,
    readyBy: Math.min(deadline, now + timeoutMs),
    cancellation,
    contentType: options.contentType ?? client.contentType,
    filters: filtersOf(options),
    key: options.key ?? keyIn(value, options.keyField ?? policy?.keyField),
    address: options.address,
    maxAttempts,
    idempotent,
    idempotencyKey,
    hedgeAfterMs: mayHedge ? hedgeAfterMs : undefined,
    waitForReady: options.waitForReady ?? policy?.waitForReady ?? false,
    servesRepetition,
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
    // A key that an interceptor took out protects nothing.
    idempotencyKey: metadata[callMetadata.idempotencyKey] === undefined ? undefined : prepared.idempotencyKey,
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

/** A second attempt beside the first wants a node that has not seen the call, and a call that may run twice. */
function isHedgeable(
  { kind }: EndpointDescriptor,
  { address, idempotencyKey }: CallOptions,
  idempotent: boolean,
  maxAttempts: number,
): boolean {
  return kind === 'unary' && idempotent && maxAttempts > 1 && address === undefined && idempotencyKey === undefined;
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

/** The key of a call by a field of its request; undefined where there is no such field, or nothing in it that names anything. */
function keyIn(value: unknown, field: string | undefined): string | undefined {
  if (field === undefined || typeof value !== 'object' || value === null || !Object.hasOwn(value, field))
    return undefined;
  const key: unknown = Reflect.get(value, field);
  switch (typeof key) {
    case 'string':
      return key;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(key);
    default:
      return undefined;
  }
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
