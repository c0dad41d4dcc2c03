import { Broker, Clock, Logger, type Provider, provide } from '@tenon/contract';
import { MemoryBroker } from './memory-broker.js';
import { MemoryHub } from './memory-hub.js';

/** How a memory broker is made. All fields are optional. */
export interface MemoryBrokerOptions {
  /** The back end, for brokers that are to reach each other. Default: one of its own for each application. */
  readonly hub?: MemoryHub | undefined;
}

/**
 * A broker in the memory of this process: for tests, and for applications whose services all run in one process.
 *
 * Delivery is at most once unless a subscription asks for more: then its messages are kept in memory until they are acknowledged, and gone
 * with the process. While the hub is cut off, publishing rejects with `Unavailable`.
 */
export function memoryBroker(options: MemoryBrokerOptions = {}): Provider<Broker> {
  const { hub } = options;
  return provide(
    Broker,
    [Clock, Logger],
    (clock, logger) => new MemoryBroker(hub ?? new MemoryHub({ clock }), clock, logger),
  );
}
