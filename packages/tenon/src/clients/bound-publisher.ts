import { Broker, Client } from '@tenon/contract';
import type { AnyClass } from '../definition/service-definition.js';
import type { Bindings } from '../di/bindings.js';
import { makePublisher } from './make-publisher.js';
import type { Publisher } from './publisher.js';

/** The publisher of an event class on what an app has bound. Throws as {@link makePublisher} does. */
export function boundPublisher<T extends object>(event: AnyClass<T>, bindings: Bindings): Publisher<T> {
  const broker = bindings.isBound(Broker) ? bindings.get(Broker) : undefined;
  return makePublisher(event, bindings.get(Client), broker?.capabilities);
}
