import type { BrokerFixture } from '@tenon/conformance';
import { type Delivery, type Message, ServiceError } from '@tenon/contract';
import type { Mutant } from '../prove-cases.js';
import { type Break, mutant } from './broken-broker.js';

const received = 'a subscriber gets what is published from then on, by any client';
const eachOnce = 'each of two subscribers gets every message, once';
const sharing = 'the members of a queue share its messages, each going to one';
const roundTrip = 'a message arrives as it was published: id, time, content type, metadata, trace and body';
const isolated = 'the publisher may use its buffer again, and no subscriber sees what another does to a message';
const untouched = 'what callers hand over is left as it was';

const queues = new WeakMap<object, readonly ((delivery: Delivery) => Promise<void>)[]>();

/** Broken in who gets which message, or what of it. */
export const deliveryMutants: readonly Mutant<BrokerFixture>[] = [
  mutant(received, 'a client hears itself only', (good) => {
    const own = new Set<string>();
    return {
      publish: (topic, message) => {
        own.add(message.id);
        return good.publish(topic, message);
      },
      subscribe: (topic, handler, options) =>
        good.subscribe(
          topic,
          async (delivery) => void (own.has(delivery.message.id) && (await handler(delivery))),
          options,
        ),
    };
  }),
  mutant(received, 'subscribing resolves before the subscription stands', (good) => ({
    subscribe: async (topic, handler, options) => {
      const subscribing = new Promise<void>((resolve) => setTimeout(resolve, 30)).then(() =>
        good.subscribe(topic, handler, options),
      );
      return {
        topic,
        drain: async () => (await subscribing).drain(),
        close: async () => (await subscribing).close(),
      };
    },
  })),
  mutant(
    received,
    'attempts are counted from zero',
    changing((delivery) => ({ ...delivery, attempt: 0 })),
  ),
  mutant(eachOnce, 'subscribers without a queue share one', (good) => ({
    subscribe: (topic, handler, options) => good.subscribe(topic, handler, { queue: 'default', ...options }),
  })),
  mutant(eachOnce, 'every tenth message comes twice', (good) => {
    let count = 0;
    return {
      publish: async (topic, message, options) => {
        count += 1;
        await good.publish(topic, message, options);
        if (count % 10 === 0) await good.publish(topic, message, options);
      },
    };
  }),
  mutant(sharing, 'the queue is ignored', (good) => ({
    subscribe: (topic, handler, options) => good.subscribe(topic, handler, { ...options, queue: undefined }),
  })),
  mutant(sharing, 'one member of a queue gets everything', (good, hub) => ({
    subscribe: (topic, handler, options) => {
      const queue = options?.queue;
      if (queue === undefined) return good.subscribe(topic, handler, options);
      const handlers = queues.get(hub) ?? [];
      queues.set(hub, [...handlers, handler]);
      return good.subscribe(topic, (delivery) => (handlers[0] ?? handler)(delivery), options);
    },
  })),
  mutant('each queue of a topic gets one copy, beside subscribers without a queue', 'all queues are one', (good) => ({
    subscribe: (topic, handler, options) =>
      good.subscribe(topic, handler, { ...options, queue: options?.queue && 'the only one' }),
  })),
  mutant('the same queue name on two topics is two queues', 'a queue has the handler of its last topic', (good) => {
    const handlers = new Map<string | undefined, (delivery: Delivery) => Promise<void>>();
    return {
      subscribe: (topic, handler, options) => {
        const queue = options?.queue;
        handlers.set(queue, handler);
        return good.subscribe(topic, (delivery) => handlers.get(queue)?.(delivery) ?? Promise.resolve(), options);
      },
    };
  }),
  mutant(
    roundTrip,
    'the trace is lost',
    changingMessage((message) => ({ ...message, traceparent: undefined })),
  ),
  mutant(
    roundTrip,
    'the time is that of arrival',
    changingMessage((message) => ({ ...message, timeMs: Date.now() })),
  ),
  mutant(
    roundTrip,
    'an id that is no UUID is replaced',
    changingMessage((message) => ({ ...message, id: /^[0-9a-f-]{36}$/.test(message.id) ? message.id : 'made-up' })),
  ),
  mutant(
    roundTrip,
    'the body is read as text',
    changingMessage((message) => ({ ...message, body: Buffer.from(Buffer.from(message.body).toString('utf8')) })),
  ),
  mutant(roundTrip, 'the body is taken from the start of its buffer', (good) => ({
    publish: (topic, message, options) => {
      const body = Buffer.from(message.body.buffer as ArrayBuffer, 0, message.body.length);
      return good.publish(topic, { ...message, body }, options);
    },
  })),
  mutant(roundTrip, 'an empty body is not sent', (good) => ({
    publish: async (topic, message, options) => {
      if (message.body.length > 0) await good.publish(topic, message, options);
    },
  })),
  mutant(
    roundTrip,
    'metadata is written as Latin-1',
    changingMessage((message) => ({ ...message, metadata: mapValues(message, latin1) })),
  ),
  mutant(
    roundTrip,
    'parameters of the content type are dropped',
    changingMessage((message) => ({ ...message, contentType: message.contentType.split(';', 1).join('') })),
  ),
  mutant(
    'metadata keys named __proto__ or constructor are only data',
    'pairs are assigned to an object',
    changingMessage((message) => {
      const metadata: Record<string, string> = {};
      for (const [key, value] of Object.entries(message.metadata)) metadata[key] = value;
      return { ...message, metadata };
    }),
  ),
  mutant('a message of another topic does not arrive', 'a topic takes in those below it', (good) => ({
    publish: async (topic, message, options) => {
      const parent = topic.slice(0, topic.lastIndexOf('.'));
      await good.publish(topic, message, options);
      if (parent.includes('.')) await good.publish(parent, message, options);
    },
  })),
  mutant('a message of another topic does not arrive', 'topics are told apart without their case', (good) => ({
    publish: (topic, message, options) => good.publish(topic.toLowerCase(), message, options),
    subscribe: (topic, handler, options) => good.subscribe(topic.toLowerCase(), handler, options),
  })),
  mutant('publishing where nobody subscribed is no error', 'publishing needs a subscriber', () => ({
    publish: (topic) => Promise.reject(new ServiceError('NotFound', `nobody subscribed to ${topic}`)),
  })),
  mutant('publishing where nobody subscribed is no error', 'publishing waits for a subscriber', () => ({
    publish: () => new Promise<never>(() => {}),
  })),
  mutant('messages of one publisher keep their order where one handler runs at a time', 'some take longer', (good) => {
    let count = 0;
    return {
      publish: async (topic, message, options) => {
        count += 1;
        if (count % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
        await good.publish(topic, message, options);
      },
    };
  }),
  mutant(isolated, 'every subscriber is handed the same message', (good) => {
    const shared = new Map<string, Message>();
    return {
      subscribe: (topic, handler, options) =>
        good.subscribe(
          topic,
          (delivery) => {
            const { id, body, metadata } = delivery.message;
            const message = shared.get(id) ?? {
              ...delivery.message,
              body: Buffer.from(body),
              metadata: { ...metadata },
            };
            shared.set(id, message);
            return handler({ ...delivery, message });
          },
          options,
        ),
    };
  }),
  mutant(isolated, 'the body is sent after publishing resolved', (good) => ({
    publish: async (topic, message) => {
      setTimeout(() => void good.publish(topic, message).catch(() => {}), 5);
    },
  })),
  mutant(untouched, 'the body is cleared once it was sent', (good) => ({
    publish: async (topic, message, options) => {
      await good.publish(topic, message, options);
      message.body.fill(0);
    },
  })),
  mutant(untouched, 'metadata is added to the message', (good) => ({
    publish: (topic, message, options) => {
      Object.assign(message.metadata, { broker: 'memory' });
      return good.publish(topic, message, options);
    },
  })),
  mutant(untouched, 'defaults are filled into the options', (good) => ({
    subscribe: (topic, handler, options) =>
      good.subscribe(topic, handler, Object.assign(options ?? {}, { maxInFlight: 8 })),
  })),
  mutant('an aborted publish is Canceled and not delivered', 'the signal of publish is ignored', (good) => ({
    publish: (topic, message) => good.publish(topic, message),
  })),
  mutant('an aborted publish is Canceled and not delivered', 'an aborted publish is sent all the same', (good) => ({
    publish: async (topic, message, options) => {
      await good.publish(topic, message);
      if (options?.signal?.aborted === true) throw new ServiceError('Canceled', 'aborted');
    },
  })),
  mutant('an aborted subscribe is Canceled and receives nothing', 'the signal of subscribe is ignored', (good) => ({
    subscribe: (topic, handler, options) => good.subscribe(topic, handler, { ...options, signal: undefined }),
  })),
  mutant('an aborted subscribe is Canceled and receives nothing', 'an aborted subscription stands', (good) => ({
    subscribe: async (topic, handler, options) => {
      const subscription = await good.subscribe(topic, handler, { ...options, signal: undefined });
      if (options?.signal?.aborted === true) throw new ServiceError('Canceled', 'aborted');
      return subscription;
    },
  })),
];

/** Replaces what handlers are given. */
function changing(change: (delivery: Delivery) => Delivery): Break {
  return (good) => ({
    subscribe: (topic, handler, options) => good.subscribe(topic, (delivery) => handler(change(delivery)), options),
  });
}

function changingMessage(change: (message: Message) => Message): Break {
  return changing((delivery) => ({ ...delivery, message: change(delivery.message) }));
}

function mapValues(message: Message, change: (value: string) => string): Message['metadata'] {
  return Object.fromEntries(Object.entries(message.metadata).map(([key, value]) => [key, change(value)]));
}

function latin1(value: string): string {
  return Buffer.from(value, 'latin1').toString('latin1');
}
