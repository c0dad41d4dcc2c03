import type { CallHandler } from './call.js';
import type { Connection } from './connection.js';
import type { EndpointKind } from './endpoint.js';
import type { Listener } from './listener.js';
import type { Node } from './node.js';
import type { Port } from './port.js';

/**
 * Carries whole calls over one wire: it maps deadlines, metadata, cancelling, errors and drain to what the wire has, and
 * asks the codecs for bytes, because only it knows the wire.
 *
 * Several transports stand side by side. A client asks them in order of binding, the latest first, which of them reaches
 * a node.
 */
export abstract class Transport {
  /** Transports are bound side by side; this property tells them apart. */
  static readonly keyedBy = 'name';

  /** As it stands in a node's `tenon-protocols` metadata: `http`, `memory`, `tenon/1`. */
  abstract readonly name: string;
  /** The kinds of endpoint that this wire can carry. Others are refused with `Unimplemented`, `executed: 'no'`. */
  abstract readonly kinds: readonly EndpointKind[];

  /**
   * Whether this transport can call that node, judged by its metadata and address. Must be quick and pure.
   *
   * A node without id and metadata is an address that a caller gave: it is reached where the address has the right form,
   * and the transport that was bound first is asked first.
   */
  abstract reaches(node: Node): boolean;

  /**
   * Makes a connection. It may connect now or at the first call; either way a peer that cannot be reached is reported
   * as `Unavailable`, `executed: 'no'`, by the one or the other, and aborting `signal` ends the attempt.
   *
   * Wires between Tenon nodes send `node.id` with each call, unless it is empty: then the address alone was known.
   *
   * @param options.service - whose node it is, for transports that check identity.
   */
  abstract dial(
    node: Node,
    options: { readonly service: string; readonly signal?: AbortSignal | undefined },
  ): Promise<Connection>;

  /** Starts answering calls through `handler`. Transports over TCP attach their claims to `port` and open nothing. */
  abstract listen(port: Port, handler: CallHandler): Promise<Listener>;
}
