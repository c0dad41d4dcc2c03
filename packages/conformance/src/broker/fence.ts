import type { Broker } from '@tenon/contract';
import type { CaseLimits } from '../suite.js';
import { Inbox, messageOf } from './inbox.js';

/**
 * Tells when what was published before has come through, so that a case can say that something did *not* arrive without
 * sleeping: publishes a few messages on a topic of its own from each client, and waits for them in each client.
 *
 * Messages of one publisher to one subscriber may overtake each other on some back ends, by less than a round trip:
 * three round trips one after the other leave them no room.
 */
export class Fence {
  readonly #inboxes: readonly Inbox[];
  readonly #brokers: readonly Broker[];
  /** Of its own: a broker may know an id that it had before. */
  readonly #name = crypto.randomUUID();
  #rounds = 0;

  private constructor(brokers: readonly Broker[], inboxes: readonly Inbox[]) {
    this.#brokers = brokers;
    this.#inboxes = inboxes;
  }

  /** Subscribes to the fence's own topic in each client. */
  static async build(brokers: readonly Broker[], limits: CaseLimits): Promise<Fence> {
    const inboxes = await Promise.all(brokers.map((broker) => Inbox.open(broker, topic, limits)));
    return new Fence(brokers, inboxes);
  }

  /** Resolves when three round trips between all clients, one after the other, are done. */
  async pass(): Promise<void> {
    for (let trip = 0; trip < 3; trip++) {
      this.#rounds += 1;
      const ids = this.#brokers.map((_, index) => `fence-${this.#name}-${this.#rounds}-${index}`);
      await Promise.all(this.#brokers.map((broker, index) => broker.publish(topic, messageOf(ids[index] as string))));
      await Promise.all(this.#inboxes.map((inbox) => inbox.has(...ids)));
    }
  }
}

const topic = 'conformance.fence';
