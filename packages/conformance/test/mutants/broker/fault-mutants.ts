import assert from 'node:assert/strict';
import type { BrokerFixture } from '@tenon/conformance';
import { type Broker, type BrokerCapabilities, type Message, ServiceError, type Subscription } from '@tenon/contract';
import type { Mutant } from '../prove-cases.js';
import { brokenSubscription, mutant } from './broken-broker.js';

const publishing = 'publishing while the back end is lost is buffered or rejected, as declared';
const standing = 'every subscription stands again after a lost back end, once';
const subscribing = 'subscribing while the back end is lost stands after it, or rejects with Unavailable';
const ending = 'draining and closing while the back end is lost resolve';

/** Broken in losing the back end, or finding it again. */
export const faultMutants: readonly Mutant<BrokerFixture>[] = [
  mutant(publishing, 'a message is lost in silence', (good) => ({
    publish: (topic, message, options) => good.publish(topic, message, options).catch(() => {}),
  })),
  mutant(publishing, 'buffering is declared and not done', (good) => ({
    capabilities: buffering(good),
    publish: (topic, message, options) => good.publish(topic, message, options).catch(() => {}),
  })),
  mutant(publishing, 'a message is rejected and sent later all the same', (good) => {
    const refused: (readonly [string, Message])[] = [];
    return {
      publish: async (topic, message) => {
        await good.publish(topic, message).catch((failure: unknown) => {
          refused.push([topic, message]);
          throw failure;
        });
      },
      afterHeal: async () => {
        for (const [topic, message] of refused.splice(0)) await good.publish(topic, message);
      },
    };
  }),
  mutant(publishing, 'a publish to a lost back end never ends', (good) => ({
    publish: (topic, message) => good.publish(topic, message).catch(() => new Promise<never>(() => {})),
  })),
  mutant(standing, 'subscriptions do not stand again', (good) => {
    const all: Subscription[] = [];
    return {
      subscribe: async (topic, handler, options) => {
        const subscription = await good.subscribe(topic, handler, options);
        all.push(subscription);
        return subscription;
      },
      afterHeal: async () => {
        for (const subscription of all) await subscription.close();
      },
    };
  }),
  mutant(standing, 'subscriptions stand twice after an outage', (good) => {
    const again: (() => Promise<unknown>)[] = [];
    return {
      subscribe: async (topic, handler, options) => {
        again.push(() => good.subscribe(topic, handler, options));
        return good.subscribe(topic, handler, options);
      },
      afterHeal: async () => {
        for (const subscribe of again) await subscribe();
      },
    };
  }),
  mutant(standing, 'a subscription that was closed stands again', (good) => {
    const ended: (() => Promise<unknown>)[] = [];
    return {
      subscribe: async (topic, handler, options) => {
        const subscription = await good.subscribe(topic, handler, options);
        const close = async (): Promise<void> => {
          await subscription.close();
          ended.push(() => good.subscribe(topic, handler, options));
        };
        return brokenSubscription(subscription, { close });
      },
      afterHeal: async () => {
        for (const subscribe of ended.splice(0)) await subscribe();
      },
    };
  }),
  mutant(subscribing, 'subscribing to a lost back end is Internal', (good) => ({
    subscribe: (topic, handler, options) =>
      good.subscribe(topic, handler, options).catch((failure: unknown) => {
        throw new ServiceError('Internal', 'disconnected', { cause: failure });
      }),
  })),
  mutant(subscribing, 'a subscription to a lost back end never stands', (good) => ({
    subscribe: (topic, handler, options) =>
      good
        .subscribe(topic, handler, options)
        .catch(() => ({ topic, drain: () => Promise.resolve(), close: () => Promise.resolve() })),
  })),
  mutant(ending, 'draining needs the back end', (good, hub) => ({
    subscribe: async (topic, handler, options) => {
      const subscription = await good.subscribe(topic, handler, options);
      const drain = async (): Promise<void> => {
        if (!hub.reaches(good)) throw new ServiceError('Unavailable', 'disconnected');
        await subscription.drain();
      };
      return brokenSubscription(subscription, { drain });
    },
  })),
  mutant(ending, 'closing waits for the back end', (good, hub) => ({
    close: async () => {
      if (!hub.reaches(good)) await new Promise<never>(() => {});
      await good.close();
    },
  })),
];

function buffering({ capabilities }: Broker): BrokerCapabilities {
  const level = capabilities.levels.atMostOnce;
  assert.ok(level !== undefined);
  return { ...capabilities, levels: { ...capabilities.levels, atMostOnce: { ...level, whileDown: 'buffers' } } };
}
