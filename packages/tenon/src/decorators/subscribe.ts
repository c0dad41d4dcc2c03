import type { Schema, SubscriptionOptions } from '@tenon/contract';
import type { AnyClass } from '../definition/service-definition.js';
import { appendMetadata } from '../metadata.js';
import type { HandlerDecorator } from './endpoint.js';

/** How a method subscribes: what brokers take, and the event's class. All fields are optional. */
export interface SubscribeDecoratorOptions<T = unknown> extends SubscriptionOptions {
  /** The event's class or Standard Schema, where the first argument is a topic. */
  readonly event?: Schema<T>;
}

/**
 * Makes a method a subscriber: it is called with each event of a topic, checked and built as its class says.
 *
 * At least once, the event is acknowledged when the method resolves, comes again after a while when it rejects, and goes to the dead
 * letters after `maxAttempts`, or at once where it throws `Unprocessable`.
 *
 * @param source - an `@Event` class, a topic, or a pattern of topics: `order.*`, `order.>`.
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
