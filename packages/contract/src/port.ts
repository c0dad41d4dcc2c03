import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders as Http2Headers, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';

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

/** A claim on the HTTP/2 requests of a port, asked as {@link HttpClaim} is. */
export interface Http2Claim {
  /** For logs and errors. */
  readonly name: string;
  /** Judges by the header fields alone, pseudo fields such as `:path` included. */
  accepts(headers: Http2Headers): boolean;
  /** Serves the request and ends the stream. The port listens to its errors; must not throw. */
  handle(stream: ServerHttp2Stream, headers: Http2Headers): void;
}

/** The head of a connection's first HTTP/1.1 request. */
export interface HttpHead {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
}

/** A claim on whole HTTP/1.1 connections, by their first request, for a claimant that parses them itself. */
export interface HttpConnectionClaim {
  /** For logs and errors. */
  readonly name: string;
  accepts(head: HttpHead): boolean;
  /** Takes the socket over. Everything that the peer sent, that head included, is still to be read from it. */
  handle(connection: ClaimedConnection): void;
}

/** A claim on connections of a protocol of its own. */
export interface ConnectionClaim {
  /** For logs and errors. */
  readonly name: string;
  /** What a connection in the clear begins with, 1 to 24 bytes. No claim's may begin with another's, nor look like HTTP. */
  readonly firstBytes: Uint8Array;
  /** The name of the protocol under TLS (ALPN). */
  readonly alpn: string;
  /** Takes the socket over. Everything that the peer sent, `firstBytes` included, is still to be read from it. */
  handle(connection: ClaimedConnection): void;
}

/** A connection that a claimant has taken over. The port counts it, and destroys it at `close`. */
export interface ClaimedConnection {
  readonly socket: Duplex;
  /** `host:port` of the peer. */
  readonly address: string;
  /** The URI in the peer's certificate, where it proved one. */
  readonly identity: string | undefined;
  /** Whether TLS carries it. */
  readonly encrypted: boolean;
}

/**
 * The one TCP address of a server, shared by its transports. Transports attach claims before it opens and never own a
 * socket server themselves. Attaching one throws `FailedPrecondition` once it is open.
 *
 * A connection is claimed by its first bytes in the clear, by ALPN under TLS; what is HTTP/1.1 or HTTP/2 belongs to the
 * port itself, whose requests are claimed by their headers. The port opens its socket only if there is a claim.
 */
export interface Port {
  /** The id of this run of the process; stands in every node's `tenon-instance` metadata. */
  readonly instance: string;
  /** The largest request body, or message of a stream, that a claimant may accept, in bytes. */
  readonly maxMessageBytes: number;
  /** Whether every connection is under TLS. */
  readonly encrypted: boolean;
  claimHttp(claim: HttpClaim): void;
  claimHttp2(claim: Http2Claim): void;
  claimHttpConnection(claim: HttpConnectionClaim): void;
  claimConnection(claim: ConnectionClaim): void;
}
