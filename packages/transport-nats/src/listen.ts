import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';

/** Subscribes, and leaves errors to the status of the connection, which has them too. */
export function listen(
  connection: NatsConnection,
  subject: string,
  take: (message: Msg) => void,
  queue?: string,
): Subscription {
  return connection.subscribe(subject, {
    ...(queue === undefined ? {} : { queue }),
    callback: (failure, message) => {
      if (failure === null) take(message);
    },
  });
}
