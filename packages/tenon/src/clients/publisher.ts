import type { PublishOptions } from '@tenon/contract';
import type { Plain } from './client-of.js';

/**
 * Publishes one kind of event, checked against its class before it leaves.
 *
 * An abstract class, so that it is there at run time where a compiler emits it as a parameter type.
 */
export abstract class Publisher<T extends object = object> {
  /**
   * Publishes one event, given as a plain object or an instance.
   *
   * Rejects with `InvalidArgument` where it breaks a rule of its class, `Unavailable` where the broker cannot take it,
   * `Canceled` on abort.
   */
  abstract publish(event: Plain<T>, options?: PublishOptions): Promise<void>;

  /**
   * Publishes many at once, in their order, without waiting for one before the next. Resolves when all are published; rejects
   * when all have ended and some failed, with the code of the first and `details.failed`, the indexes of those that were not.
   */
  abstract publishAll(events: Iterable<Plain<T>>, options?: Omit<PublishOptions, 'id'>): Promise<void>;
}
