import { ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import type { LocalValues } from '../local/index.js';
import { type ResolvedRetry, type RetryOptions, resolveRetryOptions } from '../resilience/retry-options.js';

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
}

export interface ResolvedClientOptions {
  readonly timeoutMs: number;
  readonly retry: ResolvedRetry;
  readonly contentType: string | undefined;
  readonly propagate: readonly string[];
  readonly local: LocalValues | 'off';
  readonly idleConnectionMs: number;
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
  });
}

function checkedLocal(local: LocalValues | 'off'): LocalValues | 'off' {
  if (localChoices.includes(local)) return local;
  const text = `client.local is ${JSON.stringify(local)}; it must be one of ${localChoices.join(', ')}`;
  throw new ServiceError('InvalidArgument', text, { executed: 'no' });
}

const localChoices: readonly string[] = Object.freeze(['codec', 'copy', 'reference', 'off']);

/** The longest deadline a caller may ask for: an hour. */
export const longestCallMs = 3_600_000;
