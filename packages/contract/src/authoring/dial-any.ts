import type { Clock } from '../clock.js';
import { ServiceError } from '../service-error.js';
import { throwIfAborted } from './until-aborted.js';

/** What is between us and one server, from the moment it works until it is lost or closed. It never reconnects. */
export interface LinkedSession {
  /** Where it is, as a person reads it. */
  readonly server: string;
  /** Resolves when it has ended, for whichever reason; never rejects. */
  readonly ended: Promise<void>;
  /** Ends it and frees its sockets. What was handed over and not written yet is lost. Twice is fine. */
  close(): Promise<void> | void;
}

/** How long a dial may take, and who may call it off. */
export interface DialLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Opens a session, or rejects with `Unavailable`, `Unauthenticated` or `Canceled` and leaves nothing open. */
export type DialServer<S extends LinkedSession, A> = (server: A, limits: DialLimits) => Promise<S>;

/**
 * A session with one of the servers, which are tried in random order within one timeout for all of them. Rejects as the last of them
 * did, or with `Canceled`, and leaves nothing open.
 */
export async function dialAny<S extends LinkedSession, A>(
  dial: DialServer<S, A>,
  servers: readonly A[],
  { timeoutMs, signal }: DialLimits,
  clock: Clock,
): Promise<S> {
  const end = clock.now() + timeoutMs;
  let refusal: ServiceError | undefined;
  for (const [index, server] of shuffled(servers).entries()) {
    throwIfAborted(signal);
    // Each gets its share of what is left, so that a silent one does not use up the others' time.
    const shareMs = Math.max(1, Math.floor((end - clock.now()) / (servers.length - index)));
    try {
      return await dial(server, { timeoutMs: shareMs, signal });
    } catch (failure) {
      refusal = ServiceError.from(failure, { code: 'Unavailable', executed: 'no' });
    }
  }
  throwIfAborted(signal);
  throw refusal ?? new ServiceError('Unavailable', 'there is no server to connect to', { executed: 'no' });
}

function shuffled<T>(list: readonly T[]): readonly T[] {
  return list
    .map((item) => ({ item, rank: Math.random() }))
    .sort((left, right) => left.rank - right.rank)
    .map(({ item }) => item);
}
