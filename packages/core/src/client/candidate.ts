import { type Candidate, type Clock, type Filter, type Selector, ServiceError } from '@tenon/contract';
import type { PreparedCall } from './prepared-call.js';
import type { Trail } from './trail.js';
import { untilEnd } from './until-end.js';

/**
 * A node for another attempt: one that was not tried yet; where every one was, any: the failure may have passed, as in a
 * restart. The node that has seen the call's idempotency key, where one has: no other knows it. A silent one, as the last resort.
 */
export async function selectAnother(
  call: PreparedCall,
  { tried, keptBy, lastResort }: Trail,
  parts: { readonly selector: Selector; readonly clock: Clock },
): Promise<Candidate> {
  const only = keptBy ?? lastResort;
  if (only !== undefined) return select({ ...call, filters: [...(call.filters ?? []), byId(only)] }, undefined, parts);
  const other = await selectUntried(call, tried, parts);
  return other ?? select(call, undefined, parts);
}

/** A node that was not tried yet; undefined where there is none. Does not wait for one either. */
export async function selectUntried(
  call: PreparedCall,
  tried: ReadonlySet<string>,
  parts: { readonly selector: Selector; readonly clock: Clock },
): Promise<Candidate | undefined> {
  try {
    return await select(call, tried, parts);
  } catch (thrown) {
    if (ServiceError.from(thrown).code !== 'Unavailable') throw thrown;
    return undefined;
  }
}

function byId(id: string): Filter {
  return (candidates) => candidates.filter(({ node }) => node.id === id);
}

/** A node for one attempt, at once where the selector knows its nodes; else waited for until the call must be under way. */
export function select(
  call: PreparedCall,
  exclude: ReadonlySet<string> | undefined,
  { selector, clock }: { readonly selector: Selector; readonly clock: Clock },
): Candidate | Promise<Candidate> {
  const { service } = call.endpoint;
  const wanted = new Wanted(call, exclude);
  const selected = selector.select(service, wanted);
  if (!(selected instanceof Promise)) return selected;
  const { readyBy: deadline, cancellation } = call;
  return untilEnd(selected, { deadline, cancellation }, clock, (late) => {
    wanted.giveUp();
    // A node that was chosen all the same is given back: load-aware strategies count it as busy until then.
    late.then((candidate) => selector.report(service, candidate, { elapsedMs: 0, error: neverCalled() }), nothing);
  });
}

/** The node at an address that the caller named. */
export function directCandidate(address: string, service: string): Candidate {
  const node = { id: '', address, metadata: {} };
  return { node, record: { name: service, version: '', metadata: {}, endpoints: [], nodes: [node] } };
}

/** What is asked of the selector. */
class Wanted {
  readonly filters: PreparedCall['filters'];
  readonly exclude: ReadonlySet<string> | undefined;
  readonly key: string | undefined;
  /** Where only certain nodes will not do, none of those is waited for: the others are there. */
  readonly waitForReady: boolean;
  #controller: AbortController | undefined;

  constructor({ filters, key, waitForReady }: PreparedCall, exclude: ReadonlySet<string> | undefined) {
    this.waitForReady = waitForReady && exclude === undefined;
    this.filters = filters;
    this.exclude = exclude;
    this.key = key;
  }

  /** A selector that has to wait looks at it: its wait then ends with the call's. Else none is made. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  giveUp(): void {
    this.#controller?.abort();
  }
}

function neverCalled(): ServiceError {
  return new ServiceError('Canceled', 'the call had ended before its node was chosen', { executed: 'no' });
}

function nothing(): void {}
