import { MemoryHub, memoryBroker } from '@tenon/broker-memory';
import type { BrokerFixture, BrokerFixtureFactory } from '@tenon/conformance';
import type { Broker, Subscription } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import type { Mutant } from '../prove-cases.js';

/** Which methods of a good broker are replaced, and by what, or what it does beside when its hub comes back. */
export type Break = (good: Broker, hub: MemoryHub) => Partial<Broker> & { readonly afterHeal?: () => Promise<void> };

/** A broker that is good but for one thing. */
export function mutant(caughtBy: string, fault: string, breaks: Break): Mutant<BrokerFixture> {
  return { caughtBy, fault, fixtures: brokenBrokers(breaks) };
}

/** Memory brokers with some methods replaced. */
export function brokenBrokers(breaks: Break = () => ({})): BrokerFixtureFactory {
  return {
    create: () => {
      const hub = new MemoryHub();
      const goods: Broker[] = [];
      const clients: Broker[] = [];
      const afterHeal: (() => Promise<void>)[] = [];
      const client = (): Broker => {
        const good = (memoryBroker({ hub }).create as (...parts: unknown[]) => Broker)(systemClock(), silentLogger());
        goods.push(good);
        const { afterHeal: hook, ...methods } = breaks(good, hub);
        if (hook !== undefined) afterHeal.push(hook);
        const client = Object.assign(delegating(good), methods);
        clients.push(client);
        return client;
      };
      return {
        broker: client(),
        another: async () => client(),
        crash: async (broker) => hub.cut(goods[clients.indexOf(broker)]),
        faults: {
          cut: async () => hub.cut(),
          heal: async () => {
            hub.heal();
            for (const hook of afterHeal) await hook();
          },
        },
        dispose: async () => {
          for (const good of goods) await good.close();
        },
      };
    },
  };
}

/** A subscription with some methods replaced. */
export function brokenSubscription(good: Subscription, breaks: Partial<Subscription>): Subscription {
  return { topic: good.topic, drain: () => good.drain(), close: () => good.close(), ...breaks };
}

function delegating(good: Broker): Broker {
  return {
    capabilities: good.capabilities,
    contentType: good.contentType,
    deadLetters: good.deadLetters,
    publish: (topic, message, options) => good.publish(topic, message, options),
    subscribe: (topic, handler, options) => good.subscribe(topic, handler, options),
    close: () => good.close(),
  };
}
