import { type Client, ServiceError } from '@tenon/contract';
import { topicOf } from '../decorators/event.js';
import type { AnyClass } from '../definition/service-definition.js';
import type { Publisher } from './publisher.js';

/** Makes the publisher of one event class on top of the untyped client. */
export function makePublisher<T extends object>(event: AnyClass<T>, client: Client): Publisher<T> {
  const topic = topicOf(event);
  if (topic === undefined) {
    throw new ServiceError(
      'FailedPrecondition',
      `a publisher of ${event.name} was asked for, which has no @Event('topic') decorator`,
      {
        executed: 'no',
      },
    );
  }
  return Object.freeze({
    publish: (value: unknown, options = {}) => client.publish(topic, value, { ...options, schema: event }),
  }) as Publisher<T>;
}
