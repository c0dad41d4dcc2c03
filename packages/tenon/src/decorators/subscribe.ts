import type { Schema } from '@tenon/contract';
import type { AnyClass } from '../definition/service-definition.js';
import { appendMetadata } from '../metadata.js';
import type { HandlerDecorator } from './endpoint.js';

export interface SubscribeDecoratorOptions<T = unknown> {
  /** Nodes that name the same queue share the events, each going to one of them. Default: every node gets each event. */
  readonly queue?: string;
  /** How many events are handled at once. Range 1 to 65,536, default 256. */
  readonly maxInFlight?: number;
  /** The event's class or Standard Schema, where the first argument is a topic. */
  readonly event?: Schema<T>;
}

/**
 * Makes a method a subscriber: it is called with each event of a topic, checked and built as its class says.
 *
 * @param source - an `@Event` class, or a topic.
 */
export function Subscribe<T extends object = never>(
  source: AnyClass<T> | string,
  options: SubscribeDecoratorOptions<T> = {},
): HandlerDecorator<(event: T) => unknown> {
  return (prototype, method) => {
    const declared = { ...options, source, method: String(method) } as DeclaredSubscription;
    appendMetadata(subscriptionsKey, declared, prototype.constructor);
  };
}

/** What `@Subscribe` keeps on the class. */
export interface DeclaredSubscription extends SubscribeDecoratorOptions {
  readonly source: AnyClass | string;
  readonly method: string;
}

export const subscriptionsKey = Symbol.for('tenon.subscriptions');
