import {
  type Attempt,
  type Candidate,
  type Clock,
  type Executed,
  type Reply,
  type Selector,
  ServiceError,
} from '@tenon/contract';
import { backoffMs } from '@tenon/contract/authoring';
import type { ResolvedRetry } from '../resilience/retry-options.js';
import { mayRetry } from '../resilience/retry-rule.js';
import type { ConnectionPool } from './connection-pool.js';
import type { PreparedCall } from './prepared-call.js';
import { pause, untilEnd } from './until-end.js';

/** What the attempts of a call need. */
export interface AttemptParts {
  readonly selector: Selector;
  readonly pool: ConnectionPool;
  readonly clock: Clock;
  readonly retry: ResolvedRetry;
}

/**
 * Carries one call to its end: chooses a node, calls it, and where the rule allows tries another, all within the one
 * deadline. The last error is what the caller sees, with every attempt listed in it.
 */
export async function runAttempts(prepared: PreparedCall, parts: AttemptParts): Promise<Reply> {
  const { call } = prepared;
  const failed: Attempt[] = [];
  const tried = new Set<string>();
  for (;;) {
    const startedAt = parts.clock.now();
    let candidate: Candidate | undefined;
    let error: ServiceError;
    try {
      candidate = await choose(prepared, tried, parts);
      return await callNode(prepared, candidate, startedAt, parts);
    } catch (thrown) {
      error = ServiceError.from(thrown, { executed: candidate === undefined ? 'no' : 'maybe' });
    }
    if (candidate === undefined) throw described(error, prepared, failed, undefined);
    failed.push(attemptOf(error, candidate, parts.clock.now() - startedAt));
    tried.add(candidate.node.id);
    if (failed.length >= prepared.maxAttempts || !mayRetry(error, prepared.idempotent)) {
      throw described(error, prepared, failed, candidate);
    }
    const waitMs = failed.length === 1 && error.executed === 'no' ? 0 : backoffMs(failed.length, parts.retry.backoff);
    if (parts.clock.now() + waitMs >= call.deadline) throw described(error, prepared, failed, candidate);
    await pause(waitMs, call, parts.clock).catch((ended: ServiceError) => {
      throw described(ended, prepared, failed, undefined);
    });
  }
}

/** A node that was not tried yet; where every one was, any: the failure may have passed, as in a restart. */
function choose(
  prepared: PreparedCall,
  tried: ReadonlySet<string>,
  parts: AttemptParts,
): Candidate | Promise<Candidate> {
  const { call, address } = prepared;
  if (address !== undefined) return directCandidate(address, call.endpoint.service);
  return tried.size === 0 ? select(prepared, undefined, parts) : chooseAnother(prepared, tried, parts);
}

async function chooseAnother(
  prepared: PreparedCall,
  tried: ReadonlySet<string>,
  parts: AttemptParts,
): Promise<Candidate> {
  try {
    return await select(prepared, tried, parts);
  } catch (thrown) {
    if (ServiceError.from(thrown).code !== 'Unavailable') throw thrown;
    return select(prepared, undefined, parts);
  }
}

function select(
  { call, filters, key }: PreparedCall,
  exclude: ReadonlySet<string> | undefined,
  { selector, clock }: AttemptParts,
): Candidate | Promise<Candidate> {
  const { service } = call.endpoint;
  let giveUp: AbortController | undefined;
  const selected = selector.select(service, {
    filters,
    exclude,
    key,
    // A selector that has to wait looks at it: its wait then ends with the deadline too. Else none is made.
    get signal() {
      giveUp ??= new AbortController();
      return giveUp.signal;
    },
  });
  if (!(selected instanceof Promise)) return selected;
  return untilEnd(selected, call, clock, (late) => {
    giveUp?.abort();
    // A node that was chosen all the same is given back: load-aware strategies count it as busy until then.
    late.then((candidate) => selector.report(service, candidate, { elapsedMs: 0, error: neverCalled() }), nothing);
  });
}

function neverCalled(): ServiceError {
  return new ServiceError('Canceled', 'the call had ended before its node was chosen', { executed: 'no' });
}

function nothing(): void {}

async function callNode(
  prepared: PreparedCall,
  candidate: Candidate,
  startedAt: number,
  { pool, selector, clock }: AttemptParts,
): Promise<Reply> {
  const { call } = prepared;
  const { service } = call.endpoint;
  let error: ServiceError | undefined;
  try {
    const loan = pool.acquire(candidate.node, service);
    try {
      const { connection } = loan;
      const ready = connection instanceof Promise ? await untilEnd(connection, call, clock) : connection;
      return await ready.unary(call);
    } finally {
      pool.release(loan);
    }
  } catch (thrown) {
    error = ServiceError.from(thrown, { executed: 'maybe' });
    throw error;
  } finally {
    if (prepared.address === undefined)
      selector.report(service, candidate, { elapsedMs: clock.now() - startedAt, error });
  }
}

function directCandidate(address: string, service: string): Candidate {
  const node = { id: '', address, metadata: {} };
  return { node, record: { name: service, version: '', metadata: {}, endpoints: [], nodes: [node] } };
}

function attemptOf(error: ServiceError, { node }: Candidate, elapsedMs: number): Attempt {
  const { code, rawMessage: message, executed } = error;
  return { node: node.id || undefined, address: node.address, code, message, executed, elapsedMs };
}

function described(
  error: ServiceError,
  { call }: PreparedCall,
  attempts: readonly Attempt[],
  candidate: Candidate | undefined,
): ServiceError {
  return error.with({
    service: error.service ?? call.endpoint.service,
    endpoint: error.endpoint ?? call.endpoint.name,
    node: error.node ?? (candidate?.node.id || undefined),
    executed: farthest([error, ...attempts]),
    attempts,
  });
}

/** What holds of the whole call: an attempt that certainly did not run says nothing about an earlier one that may have. */
function farthest(ends: readonly { readonly executed: Executed }[]): Executed {
  if (ends.some(({ executed }) => executed === 'yes')) return 'yes';
  return ends.some(({ executed }) => executed === 'maybe') ? 'maybe' : 'no';
}
