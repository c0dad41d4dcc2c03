import type { TransportFixture } from '@tenon/conformance';
import type { Clock, EndpointKind } from '@tenon/contract';
import type { BrokenTransport } from '../transport-fixture.js';
import type { Mutant } from './prove-cases.js';
import { through } from './through.js';
import { mutant, receiving, replying, sending } from './transport-halves.js';

export type StreamKind = Exclude<EndpointKind, 'unary'>;

export const all: readonly StreamKind[] = ['server', 'client', 'bidi'];

/** One mutant for each kind, to be caught by that kind's case of one sentence. */
export function streamMutants(
  sentence: string,
  kinds: readonly StreamKind[],
  fault: string,
  broken: (kind: StreamKind, clientClock: Clock) => BrokenTransport,
): readonly Mutant<TransportFixture>[] {
  return kinds.map((kind) => mutant(`${kind} stream: ${sentence}`, fault, (clock) => broken(kind, clock)));
}

/** Replaces parts of an iterator. Called for each iteration, so that what it closes over belongs to one stream. */
type Change = (good: AsyncIterator<unknown>) => Partial<AsyncIterator<unknown>>;

/** Changes the caller's messages on their way out. */
export function sendingRequests(change: Change): BrokenTransport {
  return sending((call) => ({ ...call, messages: call.messages && through(call.messages, change) }));
}

/** Changes the caller's messages as the handler reads them. */
export function readingRequests(change: Change): BrokenTransport {
  return receiving((call) => ({ messages: (schema) => through(call.messages(schema), change) }));
}

/** Changes the handler's messages on their way out. */
export function sendingReplies(change: Change): BrokenTransport {
  return replying((reply) => ({ ...reply, messages: reply.messages && through(reply.messages, change) }));
}

/** Changes the handler's messages as the caller reads them. */
export function readingReplies(change: Change): BrokenTransport {
  return {
    connection: (good) => ({
      stream: async (call) => {
        const reply = await good.stream(call);
        return { ...reply, messages: reply.messages && through(reply.messages, change) };
      },
    }),
  };
}

/** Changes messages on their way out: the replies where the server streams, else the requests. */
export function sendingMessages(kind: StreamKind, change: Change): BrokenTransport {
  return kind === 'client' ? sendingRequests(change) : sendingReplies(change);
}

/** The end of an iteration. */
export const end: IteratorResult<unknown> = { value: undefined, done: true };

/** Never. */
export function forEver<T>(): Promise<T> {
  return new Promise(() => {});
}

/** Asks for messages as fast as they come, whether or not anyone reads them. */
export const eagerly: Change = (good) => {
  const results: Promise<IteratorResult<unknown>>[] = [];
  let pumping = false;
  const pump = async (): Promise<void> => {
    for (let done: boolean | undefined = false; done !== true; ) {
      const result = good.next();
      results.push(result);
      done = (await result.catch(() => end)).done;
    }
  };
  return {
    next: async () => {
      if (!pumping) void pump();
      pumping = true;
      while (results.length === 0) await new Promise((resolve) => setImmediate(resolve));
      return results.shift() ?? end;
    },
  };
};

/** Leaves the messages suspended where they are. */
export const unreturned: Change = () => ({ return: async () => end });
