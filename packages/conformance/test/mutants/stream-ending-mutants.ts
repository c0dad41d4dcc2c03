import type { TransportFixture } from '@tenon/conformance';
import { type Connection, type Reply, ServiceError } from '@tenon/contract';
import type { BrokenTransport } from '../transport-fixture.js';
import type { Mutant } from './prove-cases.js';
import {
  all,
  eagerly,
  end,
  forEver,
  readingReplies,
  readingRequests,
  type StreamKind,
  sendingMessages,
  sendingReplies,
  sendingRequests,
  streamMutants,
  unreturned,
} from './stream-halves.js';
import { failing, handling, incoming, receiving, sending, unfelt } from './transport-halves.js';

const silent = 'cancelling it before the first reply ends both sides';
const middle = 'cancelling it after the first reply ends both sides with the reason';
const blocked = 'cancelling it ends both sides while a slow reader holds the producer back';
const deadline = 'it ends at its deadline on both sides';
const leaving = 'leaving the replies ends the call';
const enough = 'a handler may leave the requests, and the call goes on';
const answered = 'a handler that answered does not wait for requests any more';
const late = 'replies that come after the caller has left are left too';
const vanished = 'a peer that vanishes makes it Unavailable, perhaps executed';
const connectionClose = 'closing the connection ends it on both sides';
const listenerClose = 'closing the listener ends it on both sides';
const cutShort = 'a drain that is cut short ends it on both sides';
const listenerDrain = 'a draining listener lets it go on to its end';
const connectionDrain = 'a draining connection lets it go on to its end';

const requesting: readonly StreamKind[] = ['client', 'bidi'];
const replied: readonly StreamKind[] = ['server', 'bidi'];

/** Transports that end streams wrongly, or not at all. */
export const streamEndingMutants: readonly Mutant<TransportFixture>[] = [
  ...streamMutants('one that is cancelled already is never sent', all, 'only the event counts', () =>
    sending(({ cancellation, ...call }) => (cancellation?.canceled ? call : { ...call, cancellation })),
  ),
  ...streamMutants('one whose deadline has passed is never sent', all, 'it gets another second', (_, clock) =>
    sending((call) => ({ ...call, deadline: Math.max(call.deadline, clock.now() + 1_000) })),
  ),
  ...streamMutants('one that is cancelled already is never sent', requesting, 'its requests are asked for', peeking),
  ...streamMutants('one whose deadline has passed is never sent', requesting, 'its requests are asked for', peeking),
  ...streamMutants(silent, all, 'the cancellation is not looked at', () =>
    sending(({ cancellation: _, ...call }) => call),
  ),
  ...streamMutants(silent, all, 'the handler is not told', () => ({ handler: unfelt })),
  ...streamMutants(silent, requesting, 'the handler takes it for the end of the requests', requestsJustEnd),
  ...streamMutants(silent, all, 'it was certainly not executed', () =>
    failing((error) => error.with({ executed: 'no' })),
  ),
  ...streamMutants(middle, all, 'the handler is not told', () => ({ handler: unfelt })),
  ...streamMutants(middle, all, 'every reason is Canceled', () =>
    failing((error) => new ServiceError('Canceled', error.rawMessage)),
  ),
  ...streamMutants(middle, all, 'the connection ends with it', () =>
    failing(async (error, good) => {
      await good.close();
      return error;
    }),
  ),
  ...streamMutants(middle, requesting, 'the end waits for a producer that is busy', () => ({
    connection: (good) => ({ stream: (call) => endingAfterRequests(good, call) }),
  })),
  ...streamMutants(middle, replied, 'the replies just end', () =>
    readingReplies((good) => ({ next: () => good.next().catch(() => end) })),
  ),
  ...streamMutants(blocked, all, 'the producer stays where it is', (kind) => sendingMessages(kind, unreturned)),
  ...streamMutants(blocked, ['bidi'], "the caller's producer stays where it is", () => sendingRequests(unreturned)),
  ...streamMutants(blocked, all, 'the producer is not held back', (kind) => sendingMessages(kind, eagerly)),
  ...streamMutants(deadline, all, 'nobody looks at it', () =>
    sending((call) => ({ ...call, deadline: Number.POSITIVE_INFINITY })),
  ),
  ...streamMutants(deadline, all, 'the handler is not told', () => ({ handler: unfelt })),
  ...streamMutants(deadline, all, 'it ends at once', () => ({
    connection: (good) => ({
      stream: async (call) => {
        if (call.deadline === Number.POSITIVE_INFINITY) return good.stream(call);
        throw new ServiceError('DeadlineExceeded', 'too short', { executed: 'maybe' });
      },
    }),
  })),
  ...streamMutants(leaving, replied, 'the caller alone knows', () => readingReplies(unreturned)),
  ...streamMutants(leaving, replied, "the handler's producer stays where it is", () => sendingReplies(unreturned)),
  ...streamMutants(leaving, replied, 'the handler is not told', () => ({ handler: unfelt })),
  ...streamMutants(enough, requesting, 'leaving them ends the call', () =>
    receiving((call) => ({
      messages: (schema) => {
        const messages = call.messages(schema)[Symbol.asyncIterator]();
        const iterator: AsyncIterableIterator<unknown> = {
          next: () => messages.next(),
          return: async () => {
            call.fail(new ServiceError('Canceled', 'the requests were left', { executed: 'yes' }));
            return end;
          },
          [Symbol.asyncIterator]: () => iterator,
        };
        return iterator;
      },
    })),
  ),
  ...streamMutants(enough, requesting, 'the caller goes on', () =>
    readingRequests((good) => ({
      return: async () => {
        while ((await good.next()).done !== true);
        return end;
      },
    })),
  ),
  ...streamMutants(enough, requesting, "the caller's producer stays where it is", () => sendingRequests(unreturned)),
  ...streamMutants(answered, requesting, 'it waits for ever', () =>
    readingRequests((good) => ({ next: () => good.next().catch(() => forEver<IteratorResult<unknown>>()) })),
  ),
  ...streamMutants(late, replied, 'nobody looks at them', () => {
    let canceled = false;
    return {
      handler: (good) =>
        handling(good, (call) => {
          const served = good.handle(incoming(call, { reply: (reply) => canceled || call.reply(reply) }));
          return {
            cancel: (reason) => {
              canceled = true;
              served.cancel(reason);
            },
          };
        }),
    };
  }),
  ...streamMutants('the first answer counts', replied, 'the second does', () => {
    let replies = 0;
    return receiving((call) => ({
      fail: () => {},
      reply: (reply) => {
        replies += 1;
        if (replies === 2) call.reply(reply);
      },
    }));
  }),
  ...streamMutants(vanished, all, 'it was certainly not executed', () =>
    failing((error) => error.with({ executed: 'no' })),
  ),
  ...streamMutants(vanished, all, 'it was executed', () => failing((error) => error.with({ executed: 'yes' }))),
  ...streamMutants(vanished, all, 'the loss is not noticed', () => failing(() => forEver<unknown>())),
  ...streamMutants(vanished, all, 'the handler is not told', () => ({ handler: unfelt })),
  ...streamMutants(connectionClose, all, 'close waits for it', () => ({
    connection: (good) => ({ close: () => good.drain() }),
  })),
  ...streamMutants(connectionClose, all, 'the handler is not told', () => ({ handler: unfelt })),
  ...streamMutants(connectionClose, requesting, 'the handler takes it for the end of the requests', requestsJustEnd),
  ...streamMutants(listenerClose, all, 'close waits for it', () => ({
    listener: (good) => ({ close: () => good.drain(new AbortController().signal) }),
  })),
  ...streamMutants(listenerClose, all, 'the handler is not told', () => ({ handler: unfelt })),
  ...streamMutants(cutShort, all, 'the signal is not looked at', () => ({
    listener: (good) => ({ drain: () => good.drain(new AbortController().signal) }),
  })),
  ...streamMutants(cutShort, all, 'the handler is not told', () => ({ handler: unfelt })),
  ...streamMutants(listenerDrain, all, 'drain closes', () => ({ listener: (good) => ({ drain: () => good.close() }) })),
  ...streamMutants(listenerDrain, all, 'drain does not wait', () => ({
    listener: (good) => ({ drain: async (signal) => void good.drain(signal) }),
  })),
  ...streamMutants(listenerDrain, all, 'drain refuses nothing', () => ({
    listener: () => ({ drain: () => forEver<void>() }),
  })),
  ...streamMutants(connectionDrain, all, 'drain closes', () => ({
    connection: (good) => ({ drain: () => good.close() }),
  })),
  ...streamMutants(connectionDrain, all, 'drain does not wait', () => ({
    connection: (good) => ({ drain: async () => void good.drain() }),
  })),
];

/** Takes the first request before it knows whether the call can be sent. */
function peeking(): BrokenTransport {
  return {
    connection: (good) => ({
      stream: async ({ messages, ...call }) => {
        if (call.endpoint.name !== 'Probe.Nothing') return good.stream({ ...call, messages });
        await messages?.[Symbol.asyncIterator]().next();
        return good.stream(call);
      },
    }),
  };
}

function requestsJustEnd(): BrokenTransport {
  return readingRequests((good) => ({ next: () => good.next().catch(() => end) }));
}

/** Tells the caller of an error only when its producer has been returned from. */
async function endingAfterRequests(good: Connection, call: Parameters<Connection['stream']>[0]): Promise<Reply> {
  let left: () => void = () => {};
  const untilLeft = new Promise<void>((resolve) => {
    left = resolve;
  });
  const fail = async (thrown: unknown): Promise<never> => {
    await untilLeft;
    throw thrown;
  };
  const messages = call.messages?.[Symbol.asyncIterator]();
  const requests: AsyncIterableIterator<unknown> = {
    next: async () => (await messages?.next()) ?? end,
    return: async () => {
      await messages?.return?.();
      left();
      return end;
    },
    [Symbol.asyncIterator]: () => requests,
  };
  const reply = await good.stream({ ...call, messages: requests }).catch(fail);
  const replies = reply.messages?.[Symbol.asyncIterator]();
  if (replies === undefined) return reply;
  const iterator: AsyncIterableIterator<unknown> = {
    next: () => replies.next().catch(fail),
    [Symbol.asyncIterator]: () => iterator,
  };
  return { ...reply, messages: iterator };
}
