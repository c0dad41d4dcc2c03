import type { BrokerFixture } from '@tenon/conformance';
import type { Delivery, Subscription } from '@tenon/contract';
import { ServiceError } from '@tenon/contract';
import { WorkerPool } from '@tenon/contract/authoring';
import type { Mutant } from '../prove-cases.js';
import { brokenSubscription, mutant } from './broken-broker.js';

const draining = 'draining finishes what has arrived and takes nothing new';
const drainingIdle = 'draining an idle subscription resolves, and draining or closing it again does too';
const closing = 'closing a subscription drops what waits, leaves running handlers alone, and ends no other';
const closingBroker = 'closing the broker ends its subscriptions, and no other client’s';
const closed = 'after close, publishing and subscribing reject with FailedPrecondition, and closing twice is fine';
const redelivery = 'a rejected message comes again where delivery is at least once, and never where it is at most once';

/** Broken in how handlers run, or how subscriptions and brokers end. */
export const subscriptionMutants: readonly Mutant<BrokerFixture>[] = [
  mutant('a handler that rejects or throws does not stop the messages after it', 'a rejection ends it', (good) => ({
    subscribe: async (topic, handler, options) => {
      const subscription: Subscription = await good.subscribe(
        topic,
        async (delivery) => {
          try {
            await handler(delivery);
          } catch {
            await subscription.close();
          }
        },
        options,
      );
      return subscription;
    },
  })),
  mutant('a handler that rejects or throws does not stop the messages after it', 'an exception blocks it', (good) => ({
    subscribe: (topic, handler, options) =>
      good.subscribe(topic, (delivery) => tryNow(() => handler(delivery)) ?? new Promise<never>(() => {}), options),
  })),
  mutant(redelivery, 'a rejected message is handed over again', (good) => ({
    subscribe: (topic, handler, options) =>
      good.subscribe(
        topic,
        (delivery) => handler(delivery).catch(() => handler({ ...delivery, attempt: delivery.attempt + 1 })),
        options,
      ),
  })),
  mutant(redelivery, 'at least once is declared and not kept', (good) => ({
    capabilities: { ...good.capabilities, delivery: 'atLeastOnce' },
  })),
  mutant('at most maxInFlight handlers run at once, and the other messages wait', 'the limit is ignored', (good) => ({
    subscribe: (topic, handler, options) => good.subscribe(topic, handler, { ...options, maxInFlight: 256 }),
  })),
  mutant('at most maxInFlight handlers run at once, and the other messages wait', 'one runs at a time', (good) => ({
    subscribe: (topic, handler, options) => good.subscribe(topic, handler, { ...options, maxInFlight: 1 }),
  })),
  mutant('at most maxInFlight handlers run at once, and the other messages wait', 'others are dropped', (good) => ({
    subscribe: (topic, handler, options) => {
      let busy = 0;
      const limit = options?.maxInFlight ?? 256;
      const handle = async (delivery: Delivery): Promise<void> => {
        if (busy >= limit) return;
        busy += 1;
        await handler(delivery);
        busy -= 1;
      };
      return good.subscribe(topic, handle, { ...options, maxInFlight: 256 });
    },
  })),
  mutant('a subscription that is held up holds up no other', 'all subscriptions share one pool', (good) => {
    const pool = new WorkerPool(1);
    return {
      subscribe: (topic, handler, options) =>
        good.subscribe(topic, async (delivery) => pool.run(() => handler(delivery)), options),
    };
  }),
  mutant('maxInFlight out of range is InvalidArgument', 'a limit out of range is moved into it', (good) => ({
    subscribe: (topic, handler, options) =>
      good.subscribe(topic, handler, {
        maxInFlight: Math.min(Math.max(Math.trunc(options?.maxInFlight ?? 1) || 1, 1), 9),
      }),
  })),
  mutant(draining, 'draining drops what waits', (good) => ({
    subscribe: async (topic, handler, options) => {
      const subscription = await good.subscribe(topic, handler, options);
      const drain = async (): Promise<void> => {
        const drained = subscription.drain();
        await subscription.close();
        await drained;
      };
      return brokenSubscription(subscription, { drain });
    },
  })),
  mutant(draining, 'draining does not wait for handlers', (good) => ({
    subscribe: async (topic, handler, options) => {
      const subscription = await good.subscribe(topic, handler, options);
      return brokenSubscription(subscription, { drain: async () => void subscription.drain() });
    },
  })),
  mutant(draining, 'draining goes on taking messages until it ends', (good) => ({
    subscribe: async (topic, handler, options) => {
      const pool = new WorkerPool(options?.maxInFlight ?? 256);
      const subscription = await good.subscribe(topic, async (delivery) => pool.run(() => handler(delivery)), options);
      const drain = async (): Promise<void> => {
        await pool.idle();
        await subscription.drain();
      };
      return brokenSubscription(subscription, { drain });
    },
  })),
  mutant(draining, 'a drained subscription goes on', (good) => ({
    subscribe: async (topic, handler, options) => {
      const pool = new WorkerPool(options?.maxInFlight ?? 256);
      let isDrained = false;
      let isDraining = false;
      const handle = async (delivery: Delivery): Promise<void> => {
        if (!isDraining || isDrained) pool.run(() => handler(delivery));
      };
      const drain = async (): Promise<void> => {
        isDraining = true;
        await pool.idle();
        isDrained = true;
      };
      return brokenSubscription(await good.subscribe(topic, handle, options), { drain });
    },
  })),
  mutant(drainingIdle, 'draining waits for one more message', (good) => ({
    subscribe: async (topic, handler, options) =>
      brokenSubscription(await good.subscribe(topic, handler, options), { drain: () => new Promise<never>(() => {}) }),
  })),
  mutant(drainingIdle, 'closing a drained subscription rejects', (good) => ({
    subscribe: async (topic, handler, options) => {
      const subscription = await good.subscribe(topic, handler, options);
      let isDrained = false;
      return brokenSubscription(subscription, {
        drain: async () => {
          await subscription.drain();
          isDrained = true;
        },
        close: async () => {
          if (isDrained) throw new ServiceError('FailedPrecondition', 'the subscription has ended');
        },
      });
    },
  })),
  mutant(closing, 'closing finishes what waits', (good) => ({
    subscribe: async (topic, handler, options) => {
      const subscription = await good.subscribe(topic, handler, options);
      return brokenSubscription(subscription, { close: () => subscription.drain() });
    },
  })),
  mutant(closing, 'closing one subscription ends those of its topic', (good) => {
    const all: Subscription[] = [];
    return {
      subscribe: async (topic, handler, options) => {
        const subscription = await good.subscribe(topic, handler, options);
        if (topic !== 'conformance.fence') all.push(subscription);
        const close = async (): Promise<void> => {
          for (const each of all) await each.close();
        };
        return brokenSubscription(subscription, { close });
      },
    };
  }),
  mutant('a queue whose member has closed goes to those that remain', 'a closed member stays a member', (good) => ({
    subscribe: async (topic, handler, options) => {
      let isClosed = false;
      const handle = async (delivery: Delivery): Promise<void> => void (isClosed || (await handler(delivery)));
      const close = async (): Promise<void> => {
        isClosed = true;
      };
      return brokenSubscription(await good.subscribe(topic, handle, options), { close });
    },
  })),
  mutant(closingBroker, 'closing leaves the subscriptions open', () => ({ close: async () => {} })),
  mutant(closingBroker, 'closing takes the back end from all', (good, hub) => ({
    close: async () => {
      await good.close();
      hub.cut();
    },
  })),
  mutant(closed, 'a closed broker publishes into the void', (good) => ({
    publish: (topic, message, options) => good.publish(topic, message, options).catch(() => {}),
  })),
  mutant(closed, 'a closed broker takes subscriptions', (good) => ({
    subscribe: (topic, handler, options) =>
      good
        .subscribe(topic, handler, options)
        .catch(() => ({ topic, drain: () => Promise.resolve(), close: () => Promise.resolve() })),
  })),
  mutant(closed, 'closing twice rejects', (good) => {
    let isClosed = false;
    return {
      close: async () => {
        if (isClosed) throw new ServiceError('FailedPrecondition', 'closed already');
        isClosed = true;
        await good.close();
      },
    };
  }),
];

function tryNow<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}
