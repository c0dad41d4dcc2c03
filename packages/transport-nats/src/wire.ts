import type { NatsConnection } from '@nats-io/transport-node';
import { ServiceError } from '@tenon/contract';
import { natsError } from '@tenon/nats';
import { partsOf } from './frame.js';

/** The way out to NATS, for frames. */
export class Wire {
  readonly #connection: () => NatsConnection | undefined;

  constructor(connection: () => NatsConnection | undefined) {
    this.#connection = connection;
  }

  /**
   * Publishes a frame, in as many parts as it takes.
   *
   * @param reply - where whoever is asked may answer; the server answers there where nobody listens.
   * @throws ServiceError `Unavailable`, `executed: 'no'`, without a connection.
   */
  send(subject: string, type: number, content: Uint8Array, reply?: string): void {
    const connection = this.connection();
    const options = reply === undefined ? undefined : { reply };
    try {
      // A server that has not said what it takes is not one that we are connected with.
      const { max_payload: maxPayload } = connection.info as { readonly max_payload: number };
      for (const part of partsOf(type, content, maxPayload)) connection.publish(subject, part, options);
    } catch (thrown) {
      throw natsError(thrown, 'NATS does not take a message', { executed: 'no' });
    }
  }

  /** The same for what nobody can be told the failure of: the end of the connection ends the call in its own way. */
  trySend(subject: string, type: number, content: Uint8Array, reply?: string): void {
    try {
      this.send(subject, type, content, reply);
    } catch {
      // The link tells everybody concerned.
    }
  }

  /** @throws ServiceError `Unavailable`, `executed: 'no'`. */
  connection(): NatsConnection {
    const connection = this.#connection();
    if (connection !== undefined) return connection;
    throw new ServiceError('Unavailable', 'there is no connection to NATS', { executed: 'no' });
  }
}
