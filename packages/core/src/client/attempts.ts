import { type Attempt, type Candidate, type Clock, type Reply, type Selector, ServiceError } from '@tenon/contract';
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
      error = ServiceError.from(thrown, { executed: 'maybe' });
    }
    if (candidate === undefined) throw described(error, prepared, failed, undefined);
    failed.push(attemptOf(error, candidate, parts.clock.now() - startedAt));
    tried.add(candidate.node.id);
    if (failed.length >= prepared.maxAttempts || !mayRetry(error, prepared.idempotent)) {
      throw described(error, prepared, failed, candidate);
    }
    const waitMs = failed.length === 1 && error.executed === 'no' ? 0 : backoffMs(failed.length, parts.retry.backoff);
    if (parts.clock.now() + waitMs >= call.deadline) throw described(error, prepared, failed, candidate);
    if (waitMs > 0) await pause(waitMs, call, parts.clock);
  }
}

/** A node that was not tried yet; where every one was, any: the failure may have passed, as in a restart. */
function choose(
  prepared: PreparedCall,
  tried: ReadonlySet<string>,
  parts: AttemptParts,
): Candidate | Promise<Candidate> {
  const { call, address, filters, key } = prepared;
  if (address !== undefined) return directCandidate(address, call.endpoint.service);
  const select = (exclude: ReadonlySet<string> | undefined): Candidate | Promise<Candidate> => {
    const selected = parts.selector.select(call.endpoint.service, { filters, exclude, key, signal: call.signal });
    return selected instanceof Promise ? untilEnd(selected, call, parts.clock) : selected;
  };
  if (tried.size === 0) return select(undefined);
  return attempt(() => select(tried)).catch(() => select(undefined));
}

async function attempt<T>(body: () => T | Promise<T>): Promise<T> {
  return body();
}

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
    const lent = await pool.acquire(candidate.node, service);
    try {
      return await lent.connection.unary(call);
    } finally {
      pool.release(lent);
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
    attempts,
  });
}
