import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders as Http2Headers, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
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
  /**
   * Serves plain requests that have arrived whole, at a fraction of the cost of Node's request and response. Absent:
   * every request comes through `handle`. Asked of the first claim of a port only, since no other may come before it.
   */
  readonly whole?: WholeRequestClaim | undefined;
}

/** A claim on requests that came in one piece. Whatever it declines, and whatever did not, is for {@link HttpClaim}. */
export interface WholeRequestClaim {
  /**
   * The name, in lower case, of a field whose value is another one in nearly every request. It stands beside the head, so
   * that the heads of one caller are the same.
   */
  readonly varying: string;
  /**
   * Takes the request, to answer it now or later, or returns false: then this connection's requests come through
   * `HttpClaim.handle` from this one on. Must not throw.
   */
  handle(request: WholeRequest): boolean;
}

/** A `POST` of HTTP/1.1 with a body of known length. */
export interface WholeRequest {
  readonly head: WholeRequestHead;
  /** The value of the field that {@link WholeRequestClaim.varying} names, once at most. */
  readonly varying: string | undefined;
  /** The claimant's to keep. */
  readonly body: Uint8Array;
  readonly socket: Socket;
  /** Who hears of the request's end. The claimant's to set, while it takes the request. */
  listener: WholeRequestListener | undefined;
  /**
   * Answers it. The port adds the body's length, the date, and what is to become of the connection. The second answer,
   * and one to a peer that is gone, are dropped.
   *
   * @param fields - name, value, name, value; values as Node wants them, each character a byte.
   * @param body - a text stands for bytes, each character one.
   * @throws TypeError for a name or value that no header field may have: nothing is sent, and another answer may follow.
   */
  answer(status: number, fields: readonly string[], body: string | Uint8Array): void;
  /** From here on the connection ends with the answer, and the peer is told so. */
  closeAfterwards(): void;
}

/** The head of a {@link WholeRequest}, without its length and the field that varies. */
export interface WholeRequestHead {
  readonly path: string;
  /** Name, value, name, value; names in lower case, in the order in which they came. */
  readonly fields: readonly string[];
  /** Free for the claimant: a connection's next request often has the very same head, and then this same object. */
  understood: unknown;
}

/** Who hears of a {@link WholeRequest}'s end. */
export interface WholeRequestListener {
  /** Called once: the answer has left for the peer, or the peer is gone. */
  onEnd(): void;
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
