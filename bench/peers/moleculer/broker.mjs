import { ServiceBroker } from 'moleculer';

// Moleculer with everything off that its docs name for speed: no logger, metrics, tracing, validator, cacher or
// circuit breaker. JSON is its default serializer, and its fastest.

export function brokerOf(nodeID, transporter) {
  return new ServiceBroker({
    nodeID,
    transporter,
    logger: false,
    metrics: false,
    tracing: false,
    validator: false,
    cacher: false,
    requestTimeout: 0,
    retryPolicy: { enabled: false },
    bulkhead: { enabled: false },
    circuitBreaker: { enabled: false },
    internalMiddlewares: true,
    internalServices: false,
    skipProcessEventRegistration: true,
  });
}

export function addService(broker, handlers) {
  broker.createService({
    name: 'echo',
    actions: {
      small: (context) => handlers.small(context.params),
      records: (context) => handlers.records(context.params),
    },
  });
}

/** A client of a broker that has started: its calls, once the service is known to it. */
export async function callsOf(broker) {
  await broker.waitForServices('echo', 10_000, 20);
  return {
    small: (request) => broker.call('echo.small', request),
    records: (request) => broker.call('echo.records', request),
    close: () => broker.stop(),
  };
}
