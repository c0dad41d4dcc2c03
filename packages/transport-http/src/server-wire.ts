import type { Readable, Writable } from 'node:stream';
import type { Peer } from '@tenon/contract';
import type { FieldPairs } from './headers.js';
import type { HttpAnswer } from './server-dialect.js';

/** One HTTP request with its response: what HTTP/1.1 and HTTP/2 do each in its own way. */
export interface ServerWire {
  readonly version: 1 | 2;
  /** The request's body. */
  readonly body: Readable;
  /** The reply's body, between `begin` and `finish`. */
  readonly output: Writable;
  /** Whether nobody listens any more. */
  readonly gone: boolean;
  readonly peer: Peer;
  /** Calls `listener` once where the caller has broken off. The end of the exchange follows. */
  onBroken(listener: () => void): void;
  /** Calls `listener` once when the exchange is over, complete or not. */
  onClose(listener: () => void): void;
  /** Sends a whole reply. */
  answer(answer: HttpAnswer): void;
  /** Sends the head of a reply. */
  begin(fields: FieldPairs): void;
  /** Sends the end of a reply that was begun. */
  finish(trailers: FieldPairs | undefined): void;
  /** Reads what is left of the request's body and drops it, as far as that is reasonable. */
  dropBody(maxBytes: number): void;
  /** Tells the caller, before the reply has begun, that no further requests are read. */
  refuseRequests(): void;
  /** Where a connection carries one call at a time, it ends with this one, and the caller is told so. */
  closeAfterwards(): void;
  /** Ends the exchange without an answer. */
  destroy(): void;
}

/** The fields of an answer, its length behind them: Node reads the end of a body from it. 204 has neither. */
export function sizedFields({ status, fields, body }: HttpAnswer): FieldPairs {
  return status === 204 ? fields : [...fields, 'content-length', String(body.length)];
}
