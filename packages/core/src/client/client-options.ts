import { ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import type { LocalValues } from '../local/index.js';
import { type BreakerOptions, type ResolvedBreaker, resolveBreakerOptions } from '../resilience/breaker-options.js';
import { type ResolvedRetry, type RetryOptions, resolveRetryOptions } from '../resilience/retry-options.js';
import { longestCallMs } from './call-checks.js';
import { type ResolvedSilence, resolveSilenceOptions, type SilenceOptions } from './silence-options.js';

/** Options of the default client. */
export interface ClientOptions {
  /** The time for a whole call unless it names its own. Range 1 to 3,600,000 ms, default 10,000: no call without an end. */
  readonly timeoutMs?: number;
  readonly retry?: RetryOptions;
  /** The media type of requests and events unless they name their own. Default: each transport's and broker's choice. */
  readonly contentType?: string;
  /** Keys of the metadata of a call being served that are sent on with every call made meanwhile. Default: none. */
  readonly propagate?: readonly string[];
  /**
   * How services of the same app are called: without a wire, their values passing by `codec`, `copy` or `reference` (see
   * `LocalValues`); `off` selects and dials them as any other node. Default `codec`: the same as over a wire.
   */
  readonly local?: LocalValues | 'off';
  /** An unused connection to a node is closed after this. Range 1,000 to 86,400,000 ms, default 60,000. */
  readonly idleConnectionMs?: number;
  /**
   * A call whose node is still being dialled after this goes to another node, if there is one; the dialling goes on. Range 1
   * to 3,600,000 ms, default 300: a node of the same network answers a dial within a few milliseconds, or not at all.
   */
  readonly connectPatienceMs?: number;
  /** When a node that says nothing counts as silent; `false`: never, calls on it wait for their deadline. */
  readonly silence?: SilenceOptions | false;
  /** Stops the calls of an endpoint for a while when too many fail; `true` with the defaults. Default: none are stopped. */
  readonly breaker?: BreakerOptions | boolean;
}

export interface ResolvedClientOptions {
  readonly timeoutMs: number;
  readonly retry: ResolvedRetry;
  readonly contentType: string | undefined;
  readonly propagate: readonly string[];
  readonly local: LocalValues | 'off';
  readonly idleConnectionMs: number;
  readonly connectPatienceMs: number;
  readonly silence: ResolvedSilence | undefined;
  readonly breaker: ResolvedBreaker | undefined;
}

export function resolveClientOptions(options: ClientOptions = {}): ResolvedClientOptions {
  return Object.freeze({
    timeoutMs: checkedNumber('client.timeoutMs', options.timeoutMs, {
      min: 1,
      max: longestCallMs,
      fallback: 10 * 1_000,
      integer: false,
    }),
    retry: resolveRetryOptions(options.retry),
    contentType: options.contentType,
    propagate: Object.freeze((options.propagate ?? []).map((key) => key.toLowerCase())),
    local: checkedLocal(options.local ?? 'codec'),
    idleConnectionMs: checkedNumber('client.idleConnectionMs', options.idleConnectionMs, {
      min: 1_000,
      max: 86_400_000,
      fallback: 60 * 1_000,
    }),
    connectPatienceMs: checkedNumber('client.connectPatienceMs', options.connectPatienceMs, {
      min: 1,
      max: 3_600_000,
      fallback: 300,
    }),
    silence: resolveSilenceOptions(options.silence),
    breaker: breakerOf(options.breaker),
  });
}

function breakerOf(options: BreakerOptions | boolean | undefined): ResolvedBreaker | undefined {
  if (options === undefined || options === false) return undefined;
  return resolveBreakerOptions(options === true ? {} : options);
}

function checkedLocal(local: LocalValues | 'off'): LocalValues | 'off' {
  if (localChoices.includes(local)) return local;
  const text = `client.local is ${JSON.stringify(local)}; it must be one of ${localChoices.join(', ')}`;
  throw new ServiceError('InvalidArgument', text, { executed: 'no' });
}

const localChoices: readonly string[] = Object.freeze(['codec', 'copy', 'reference', 'off']);
