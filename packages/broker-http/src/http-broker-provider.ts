import { Broker, Clock, Logger, optional, type Provider, provide, Registry, Tls } from '@tenon/contract';
import { HttpBroker } from './http-broker.js';
import { type HttpBrokerOptions, resolveHttpBrokerOptions } from './http-broker-options.js';

/**
 * A broker without a server: publishers post each message to the subscribers that the bound registry knows, over HTTP, in the form of
 * go-micro's http broker. Under the bound `Tls` nothing is sent or accepted in the clear.
 *
 * Delivery is at most once; with a `spool`, a folder on a local disk, also at least once.
 *
 * @throws ServiceError `InvalidArgument` that names the option, its value and its range.
 */
export function httpBroker(options: HttpBrokerOptions = {}): Provider<Broker> {
  const resolved = resolveHttpBrokerOptions(options);
  return provide(
    Broker,
    [Registry, Clock, Logger, optional(Tls)],
    (registry, clock, logger, tls) => new HttpBroker(resolved, { registry, clock, logger, tls }),
  );
}
