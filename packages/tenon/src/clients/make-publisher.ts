import { type BrokerCapabilities, type Client, type PublishOptions, ServiceError } from '@tenon/contract';
import { checkedLevel } from '@tenon/contract/authoring';
import { deliveryOf, topicOf } from '../decorators/event.js';
import type { AnyClass } from '../definition/service-definition.js';
import type { Publisher } from './publisher.js';

/**
 * Makes the publisher of one event class on top of the untyped client.
 *
 * @param capabilities - those of the broker that is bound; undefined where none is, which publishing then tells.
 * @throws ServiceError `FailedPrecondition` for a class without `@Event`, or one whose delivery the broker does not have.
 */
export function makePublisher<T extends object>(
  event: AnyClass<T>,
  client: Client,
  capabilities: BrokerCapabilities | undefined,
): Publisher<T> {
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
  const delivery = deliveryOf(event);
  if (capabilities !== undefined) checkLevel(event, capabilities);
  const usual = Object.freeze({ delivery, schema: event });
  const publish = (value: unknown, options?: PublishOptions): Promise<void> =>
    client.publish(topic, value, options === undefined ? usual : { delivery, ...options, schema: event });
  return Object.freeze({
    publish,
    publishAll: (values: Iterable<unknown>, options?: PublishOptions) =>
      allOf([...values].map((value) => publish(value, options))),
  }) as Publisher<T>;
}

function checkLevel(event: AnyClass, capabilities: BrokerCapabilities): void {
  try {
    checkedLevel(deliveryOf(event), capabilities);
  } catch (thrown) {
    const { rawMessage } = ServiceError.from(thrown);
    throw new ServiceError('FailedPrecondition', `@Event of ${event.name}: ${rawMessage}`, { executed: 'no' });
  }
}

/** Waits for all, whatever becomes of some; rejects with the first failure, and says which there were. */
async function allOf(publishing: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(publishing);
  const failed = results.flatMap((result, index) => (result.status === 'rejected' ? [{ index, result }] : []));
  const [first] = failed;
  if (first === undefined) return;
  const error = ServiceError.from(first.result.reason);
  const { code, rawMessage, endpoint, executed } = error;
  throw new ServiceError(code, `${failed.length} of ${results.length} events were not published: ${rawMessage}`, {
    endpoint,
    executed: failed.length === results.length ? executed : 'maybe',
    details: { failed: failed.map(({ index }) => index) },
    cause: error,
  });
}
