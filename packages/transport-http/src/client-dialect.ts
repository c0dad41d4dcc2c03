import type { OutgoingHttpHeaders } from 'node:http';
import type { Call, Reply } from '@tenon/contract';

/** A whole request. */
export interface ClientMessage {
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Uint8Array;
}

/** A whole response. */
export interface ClientResponse {
  readonly status: number;
  /** The media type, without parameters, lower case; empty where there is none. */
  readonly contentType: string;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** The first value of a field, named in lower case. */
  header(name: string): string | undefined;
}

/** One form of HTTP that nodes understand: how a call is written, and how its answer is read. */
export interface ClientDialect {
  /**
   * @param node - the id of the node that the call is meant for; empty where only its address is known.
   * @throws ServiceError `executed: 'no'` where the call cannot be written.
   */
  request(call: Call, leftMs: number, node: string): ClientMessage;
  /** @throws ServiceError what the peer answered, or what is wrong with its answer. */
  reply(call: Call, response: ClientResponse): Reply;
}
