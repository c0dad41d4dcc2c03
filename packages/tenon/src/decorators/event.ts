import { checkedTopic } from '@tenon/contract';
import type { AnyClass } from '../definition/service-definition.js';
import { ownMetadata, setMetadata } from '../metadata.js';

/**
 * Makes a class an event: the class is the contract between publishers and subscribers, its topic the name they meet
 * under.
 */
export function Event(topic: string): ClassDecorator {
  checkedTopic(topic);
  return (target) => setMetadata(topicKey, topic, target);
}

/** The topic of an event class, or undefined for a class without `@Event`. */
export function topicOf(event: AnyClass): string | undefined {
  return ownMetadata<string>(topicKey, event);
}

const topicKey = Symbol.for('tenon.topic');
