import type { Reply } from './call.js';
import type { CallOptions, PublishOptions } from './call-options.js';
import type { EndpointDescriptor } from './endpoint.js';
import type { Schema } from './schema.js';

/**
 * Calls services and publishes events by name: what typed clients and publishers are made on.
 *
 * Rejects only with `ServiceError`. Deadline, retry on another node, metadata and interceptors are its work.
 */
export abstract class Client {
  /** Calls one endpoint and resolves with the whole reply. */
  abstract unary(endpoint: EndpointDescriptor, value: unknown, options?: CallOptions): Promise<Reply>;

  /**
   * Calls an endpoint that streams. Resolves as `Connection.stream` does.
   *
   * A stream has no deadline unless `timeoutMs` is given or it is made inside a call that has one; choosing a node and
   * connecting may take as long as a unary call.
   *
   * @param request - the one request of a server stream, or the requests of the other kinds.
   */
  abstract stream(endpoint: EndpointDescriptor, request: unknown, options?: CallOptions): Promise<Reply>;

  /**
   * Publishes one event and resolves as the broker's `publish` does.
   *
   * @param schema - the event's class: the value is checked against it before it leaves.
   */
  abstract publish(
    topic: string,
    value: unknown,
    options?: PublishOptions & { readonly schema?: Schema | undefined },
  ): Promise<void>;

  /** Closes connections and the selector. Calls under way end with `Unavailable`. Twice is fine. */
  abstract close(): Promise<void>;
}
