import type { BrokerFixture } from '@tenon/conformance';
import { type Broker, type Delivery, type SubscribeOptions, Unprocessable } from '@tenon/contract';
import type { Mutant } from '../prove-cases.js';
import { brokenSubscription, mutant } from './broken-broker.js';

const named = (promise: string): string => `at least once: ${promise}`;
const again = named(
  'a rejected message comes again after a while, with its attempts counted, and no more once handled',
);
const buried = named('a message that no attempt handles goes to the dead letters, and those beside it are handled');
const atOnce = named('what cannot be handled goes to the dead letters at once, to the topic that was named');
const requeued = named('a dead letter that is requeued comes to the queue that gave it up, and to no other');
const removed = named('a dead letter that is removed is gone, once');
const survived = named('a message that its subscriber did not live to handle comes to another');
const kept = named('what is published while nobody of a queue is there waits for the next');
const ordered = named('an ordered subscription handles one at a time, and what fails before what comes after it');
const refused = named(
  'options out of range are InvalidArgument, and those that need acknowledgement are refused at most once',
);

/** Broken in patterns, or in what at least once means. */
export const acknowledgedMutants: readonly Mutant<BrokerFixture>[] = [
  mutant(
    'a pattern stands for its topics and for no other, or is refused where the broker has none',
    'the pattern is told as the topic',
    (good) => ({
      subscribe: (topic, handler, options) =>
        good.subscribe(topic, (delivery) => handler({ ...delivery, topic }), options),
    }),
  ),
  mutant(
    'a pattern stands for its topics and for no other, or is refused where the broker has none',
    'a star stands for the rest',
    (good) => ({
      subscribe: (topic, handler, options) => good.subscribe(topic.replace(/\*.*$/, '>'), handler, options),
    }),
  ),
  mutant('what is no pattern is InvalidArgument', 'white space is cut away', (good) => ({
    subscribe: (topic, handler, options) => good.subscribe(topic.trim(), handler, options),
  })),
  mutant(again, 'a rejection is taken for handled', swallowing),
  mutant(
    again,
    'every attempt is the first',
    withDelivery((delivery) => ({ ...delivery, attempt: 1 })),
  ),
  mutant(buried, 'what is given up is gone', withOptions({ deadLetter: false })),
  mutant(buried, 'it is given up after one attempt more', (good) => ({
    subscribe: (topic, handler, options) =>
      good.subscribe(
        topic,
        handler,
        options?.maxAttempts === undefined ? options : { ...options, maxAttempts: options.maxAttempts + 1 },
      ),
  })),
  mutant(buried, 'what became of it stays in its metadata', (good) => ({
    deadLetters: good.deadLetters && {
      ...good.deadLetters,
      list: async (query) =>
        ((await good.deadLetters?.list(query)) ?? []).map((letter) => ({
          ...letter,
          message: { ...letter.message, metadata: { ...letter.message.metadata, 'dead-letter-code': letter.code } },
        })),
    },
  })),
  mutant(atOnce, 'what cannot be handled is tried again', (good) => ({
    subscribe: (topic, handler, options) =>
      good.subscribe(
        topic,
        (delivery) =>
          handler(delivery).catch((thrown: unknown) => {
            throw thrown instanceof Unprocessable ? thrown.serviceError : thrown;
          }),
        options,
      ),
  })),
  mutant(requeued, 'every queue gets it', (good) => ({
    deadLetters: good.deadLetters && {
      ...good.deadLetters,
      requeue: async (id) => {
        const letter = (await good.deadLetters?.list())?.find((one) => one.id === id);
        await good.deadLetters?.remove(id);
        if (letter !== undefined) await good.publish(letter.topic, letter.message, { delivery: 'atLeastOnce' });
      },
    },
  })),
  mutant(removed, 'it is always said to have been there', (good) => ({
    deadLetters: good.deadLetters && {
      ...good.deadLetters,
      remove: async (id) => {
        await good.deadLetters?.remove(id);
        return true;
      },
    },
  })),
  mutant(survived, 'nobody is given up', withOptions({ ackWaitMs: 600_000 })),
  mutant(named('a handler that takes longer than ackWaitMs is not run twice'), 'it is run twice', (good) => ({
    subscribe: (topic, handler, options) =>
      good.subscribe(
        topic,
        async (delivery) => {
          await handler(delivery);
          if (delivery.attempt === 1) void handler(delivery);
        },
        options,
      ),
  })),
  mutant(kept, 'a queue goes with its last member', (good, hub) => ({
    subscribe: async (topic, handler, options) => {
      const queue = `${options?.queue ?? ''}-${openings(hub)}`;
      return good.subscribe(topic, handler, { ...options, queue });
    },
  })),
  mutant(ordered, 'order is not kept', withOptions({ ordered: false })),
  mutant(
    named('a subscription begins with what was published before it, where the broker can'),
    'it begins with what is new',
    withOptions({ startFrom: 'new' }),
  ),
  mutant(
    named('closing a subscription gives what it has not handled to the others of its queue'),
    'closing drops what waits',
    (good) => {
      let isClosed = false;
      return {
        subscribe: async (topic, handler, options) => {
          const skipping = async (delivery: Delivery): Promise<void> => {
            if (!isClosed) await handler(delivery);
          };
          const subscription = await good.subscribe(topic, skipping, options);
          return brokenSubscription(subscription, {
            close: async () => {
              isClosed = true;
            },
          });
        },
      };
    },
  ),
  mutant(
    named('what publishing resolved for is not lost with the back end for a while'),
    'a rejection is taken for published',
    (good) => ({
      publish: (topic, message, options) => good.publish(topic, message, options).catch(() => {}),
    }),
  ),
  mutant(refused, 'ackWaitMs is not looked at', (good) => ({
    subscribe: (topic, handler, { ackWaitMs: _, ...options } = {}) => good.subscribe(topic, handler, options),
  })),
  mutant(refused, 'what cannot be is passed over', (good) => ({
    subscribe: (topic, handler, options = {}) => {
      const { queue, maxInFlight, signal } = options;
      const plain = options.delivery === 'atMostOnce' ? { queue, maxInFlight, signal } : options;
      return good.subscribe(topic, handler, plain);
    },
  })),
];

function swallowing(good: Broker): Partial<Broker> {
  return {
    subscribe: (topic, handler, options) =>
      good.subscribe(topic, (delivery) => handler(delivery).catch(() => {}), options),
  };
}

function withDelivery(change: (delivery: Delivery) => Delivery) {
  return (good: Broker): Partial<Broker> => ({
    subscribe: (topic, handler, options) => good.subscribe(topic, (delivery) => handler(change(delivery)), options),
  });
}

function withOptions(changed: SubscribeOptions) {
  return (good: Broker): Partial<Broker> => ({
    subscribe: (topic, handler, options) =>
      good.subscribe(topic, handler, options?.delivery === 'atLeastOnce' ? { ...options, ...changed } : options),
  });
}

const counts = new WeakMap<object, number>();

/** How many subscriptions were made at a hub. */
function openings(hub: object): number {
  const count = (counts.get(hub) ?? 0) + 1;
  counts.set(hub, count);
  return count;
}
