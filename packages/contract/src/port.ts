import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * A claim on the HTTP requests of a port.
 *
 * Claims are asked in the order in which they were attached; the first that accepts serves the request.
 */
export interface HttpClaim {
  /** For logs and errors. */
  readonly name: string;
  /** Judges by method, path and headers alone; must not touch the body. */
  accepts(request: IncomingMessage): boolean;
  /** Serves the request and ends the response. Must not throw; an error in it is the claimant's to answer. */
  handle(request: IncomingMessage, response: ServerResponse): void;
}

/**
 * The one TCP address of a server, shared by its transports. Transports attach claims before it opens and never own a
 * socket server themselves.
 */
export interface Port {
  /** The id of this run of the process; stands in every node's `tenon-instance` metadata. */
  readonly instance: string;
  /** The largest request body that a claimant may accept, in bytes. */
  readonly maxMessageBytes: number;
  /** Attaches a claim. The port opens its socket only if there is one. Throws `FailedPrecondition` once it is open. */
  claimHttp(claim: HttpClaim): void;
}
