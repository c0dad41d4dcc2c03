import type { TransportFixture } from '@tenon/conformance';
import { noMetadata, type Reply, ServiceError } from '@tenon/contract';
import type { Mutant } from './prove-cases.js';
import {
  all,
  eagerly,
  end,
  forEver,
  readingRequests,
  sendingMessages,
  sendingRequests,
  streamMutants,
} from './stream-halves.js';
import { through } from './through.js';
import { handling, incoming, listenedTo, mutant, receiving, replying, sending } from './transport-halves.js';

const lacking = 'a kind that the wire lacks is refused, and was certainly not executed';
const thousand = '1,000 messages arrive whole and in order';
const metadata = 'metadata travels with the call and before the first reply';
const deadline = 'a deadline arrives as the time that is left, and none as none';
const name = 'the handler learns its name and kind';
const table = 'every value of the table is a message, in every codec';
const atOnce = '60 at once each get their own messages';
const heldBack = 'a reader that stops holds the producer back, and loses nothing';

/** Transports that carry, or refuse wrongly, what their wire is said to lack. */
export const lackingKindMutants: readonly Mutant<TransportFixture>[] = [
  mutant(lacking, 'it is carried all the same', () => ({ kinds: ['unary', 'server'] })),
  mutant(lacking, 'it was perhaps executed', () => ({
    kinds: ['unary', 'server'],
    connection: () => ({
      stream: async () => {
        throw new ServiceError('Unimplemented', 'there is no such kind', { executed: 'maybe' });
      },
    }),
  })),
];

/** Transports that lose, change or hoard the messages of streams. */
export const streamFlowMutants: readonly Mutant<TransportFixture>[] = [
  ...streamMutants(thousand, all, 'the five hundredth is lost', (kind) =>
    sendingMessages(kind, (good) => {
      let count = 0;
      return {
        next: () => {
          count += 1;
          return count === 500 ? good.next().then(() => good.next()) : good.next();
        },
      };
    }),
  ),
  ...streamMutants(thousand, all, 'two change places', (kind) =>
    sendingMessages(kind, (good) => {
      let held: IteratorResult<unknown> | undefined;
      let count = 0;
      return {
        next: async () => {
          count += 1;
          if (count === 500) {
            held = await good.next();
            return good.next();
          }
          const next = held ?? (await good.next());
          held = undefined;
          return next;
        },
      };
    }),
  ),
  ...streamMutants(thousand, ['bidi'], 'a request is lost', () =>
    readingRequests((good) => {
      let count = 0;
      return {
        next: () => {
          count += 1;
          return count === 900 ? good.next().then(() => good.next()) : good.next();
        },
      };
    }),
  ),
  ...streamMutants('one message arrives', all, 'each is sent twice', (kind) =>
    sendingMessages(kind, (good) => {
      let last: IteratorResult<unknown> = end;
      return {
        next: async () => {
          const again = last;
          last = again.done === true ? await good.next() : end;
          return again.done === true ? last : again;
        },
      };
    }),
  ),
  ...streamMutants('one message arrives', all, 'it goes on listening to its cancellation', () =>
    sending(({ cancellation, ...call }) => ({ ...call, cancellation: cancellation && listenedTo(cancellation) })),
  ),
  ...streamMutants('one message arrives', all, 'an answer cancels the handler', () => ({
    handler: (good) =>
      handling(good, (call) => {
        const reply = (answer: Reply): void => {
          call.reply(answer);
          served.cancel(new ServiceError('Canceled', 'answered'));
        };
        const served = good.handle(incoming(call, { reply }));
        return served;
      }),
  })),
  ...streamMutants('no message is the end alone', all, 'an empty stream carries null', (kind) =>
    sendingMessages(kind, (good) => {
      let count = 0;
      return {
        next: async () => {
          count += 1;
          const result = await good.next();
          return count === 1 && result.done === true ? { value: null, done: false } : result;
        },
      };
    }),
  ),
  ...streamMutants('no message is the end alone', ['server', 'bidi'], 'nothing tells the caller of the end', () => ({
    connection: (good) => ({
      stream: async (call) => {
        const reply = await good.stream(call);
        const [first] = [await reply.messages?.[Symbol.asyncIterator]().next()];
        return first?.done === true ? forEver<Reply>() : reply;
      },
    }),
  })),
  ...streamMutants(table, all, 'null is the end', (kind) =>
    sendingMessages(kind, (good) => ({
      next: async () => {
        const result = await good.next();
        return result.value === null ? end : result;
      },
    })),
  ),
  ...streamMutants(table, all, 'every message is JSON', () => sending(({ contentType: _, ...call }) => call)),
  ...streamMutants(name, all, 'everything is unary', () => receiving(() => ({ kind: 'unary' }))),
  ...streamMutants(name, ['client', 'bidi'], 'the kind is not told', () => receiving(() => ({ kind: undefined }))),
  ...streamMutants(metadata, all, 'that of the call is lost', () => receiving(() => ({ metadata: noMetadata }))),
  ...streamMutants(metadata, all, 'that of the reply is lost', () =>
    replying((reply) => ({ ...reply, metadata: noMetadata })),
  ),
  ...streamMutants(metadata, all, 'all of it comes back', () =>
    replying((reply, call) => ({ ...reply, metadata: { ...call.metadata, ...reply.metadata } })),
  ),
  ...streamMutants(deadline, all, 'there always is one', (_, clock) =>
    receiving((call) => ({ deadline: Math.min(call.deadline, clock.now() + 1_000_000 + 10_000_000) })),
  ),
  ...streamMutants(deadline, all, 'there never is one', () =>
    receiving(() => ({ deadline: Number.POSITIVE_INFINITY })),
  ),
  ...streamMutants('each reply may depend on the request before it', ['bidi'], 'requests go out in pairs', () =>
    sendingRequests((good) => {
      const pair: IteratorResult<unknown>[] = [];
      return {
        next: async () => {
          if (pair.length === 0) pair.push(await good.next(), await good.next());
          return pair.shift() ?? end;
        },
      };
    }),
  ),
  ...streamMutants('the server goes on after the caller has ended its side', ['bidi'], 'the call ends with it', () => {
    let ended = false;
    return receiving((call) => ({
      messages: (schema) =>
        noting(call.messages(schema), () => {
          ended = true;
        }),
      reply: (reply) => call.reply({ ...reply, messages: reply.messages && endingWhen(reply.messages, () => ended) }),
    }));
  }),
  ...streamMutants(
    'the server may answer before the caller has ended its side',
    ['client', 'bidi'],
    'replies wait until it has',
    () => ({
      connection: (good) => ({
        stream: async ({ messages, ...call }) => {
          let ended: () => void = () => {};
          const untilEnded = new Promise<void>((resolve) => {
            ended = resolve;
          });
          const reply = await good.stream({ ...call, messages: messages && noting(messages, ended) });
          await untilEnded;
          return reply;
        },
      }),
    }),
  ),
  ...streamMutants(atOnce, ['client', 'server', 'bidi'], 'replies go to whoever waits longest', () => {
    const waiting: ((reply: Reply) => void)[] = [];
    return {
      connection: (good) => ({
        stream: (call) =>
          new Promise((resolve, reject) => {
            waiting.unshift(resolve);
            good.stream(call).then((reply) => waiting.shift()?.(reply), reject);
          }),
      }),
    };
  }),
  ...streamMutants(heldBack, all, 'all is asked for at once', (kind) => sendingMessages(kind, eagerly)),
  ...streamMutants(heldBack, ['bidi'], 'all requests are asked for at once', () => sendingRequests(eagerly)),
  ...streamMutants(heldBack, all, 'what does not fit is dropped', (kind) =>
    sendingMessages(kind, (good) => {
      let count = 0;
      return {
        next: () => {
          count += 1;
          return count === 20 ? good.next().then(() => good.next()) : good.next();
        },
      };
    }),
  ),
  ...streamMutants('a reader that stops holds a producer of small messages back', all, 'none is held back', (kind) =>
    sendingMessages(kind, eagerly),
  ),
  ...streamMutants('64 that are stuck of 128 hold up no other, nor calls', all, 'no more than 64 run at once', () => {
    let running = 0;
    return {
      connection: (good) => ({
        stream: (call) => {
          running += 1;
          return running > 64 ? forEver<Reply>() : good.stream(call);
        },
      }),
    };
  }),
  ...streamMutants('64 that are stuck of 128 hold up no other, nor calls', all, 'calls wait for streams', () => {
    let streams = 0;
    return {
      connection: (good) => ({
        stream: (call) => {
          streams += 1;
          return good.stream(call);
        },
        unary: (call) => (streams > 64 ? forEver<Reply>() : good.unary(call)),
      }),
    };
  }),
];

/** The same messages; tells when they have ended. */
function noting(messages: AsyncIterable<unknown>, ended: () => void): AsyncIterable<unknown> {
  return through(messages, (good) => ({
    next: async () => {
      const result = await good.next();
      if (result.done === true) ended();
      return result;
    },
  }));
}

/** Messages that are cut short. */
function endingWhen(messages: AsyncIterable<unknown>, cut: () => boolean): AsyncIterable<unknown> {
  return through(messages, (good) => ({
    next: async () => {
      const result = await good.next();
      return cut() ? end : result;
    },
  }));
}
