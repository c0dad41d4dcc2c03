import { checkedTopic, type DeliveryLevel } from '@tenon/contract';
import type { AnyClass } from '../definition/service-definition.js';
import { ownMetadata, setMetadata } from '../metadata.js';

/** What an event says of itself, for its publishers and subscribers. */
export interface EventOptions {
  /**
   * How far its events go, unless a subscription or a publisher says another. A broker that cannot do it refuses at start.
   * Default: the broker's.
   */
  readonly delivery?: DeliveryLevel;
}

/**
 * Makes a class an event: the class is the contract between publishers and subscribers, its topic the name they meet
 * under.
 */
export function Event(topic: string, { delivery }: EventOptions = {}): ClassDecorator {
  checkedTopic(topic);
  return (target) => {
    setMetadata(topicKey, topic, target);
    if (delivery !== undefined) setMetadata(deliveryKey, delivery, target);
  };
}

/** The topic of an event class, or undefined for a class without `@Event`. */
export function topicOf(event: AnyClass): string | undefined {
  return ownMetadata<string>(topicKey, event);
}

/** What an event class says of its delivery. */
export function deliveryOf(event: AnyClass): DeliveryLevel | undefined {
  return ownMetadata<DeliveryLevel>(deliveryKey, event);
}

const topicKey = Symbol.for('tenon.topic');
const deliveryKey = Symbol.for('tenon.delivery');
