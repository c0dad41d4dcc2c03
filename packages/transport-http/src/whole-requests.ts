import type { CallHandler, WholeRequest, WholeRequestClaim } from '@tenon/contract';
import { HeaderFields } from './header-fields.js';
import { isRpcPath } from './json-rpc/rpc-server.js';
import { isMucp, mayBeEnvelope } from './mucp/request-kind.js';
import { isAnswer, type RequestHead } from './server-dialect.js';
import { timeLeftHeader, timeLeftMs } from './time-left.js';
import { WholeExchange, type WholeExchangeSurroundings } from './whole-exchange.js';

/** Who serves what {@link WholeRequests} understands. */
export interface WholeRequestsOwner {
  /** Whether the connection is to end with the answer. */
  readonly refusing: boolean;
  serve(exchange: WholeExchange): void;
}

/**
 * Understands the plain unary calls among the requests that arrive whole, and leaves the others. What a head means is kept
 * beside it, so that the next request with the same costs no more than reading its time left.
 */
export class WholeRequests implements WholeRequestClaim {
  readonly varying = timeLeftHeader;
  readonly #handler: CallHandler;
  readonly #surroundings: WholeExchangeSurroundings;
  readonly #owner: WholeRequestsOwner;

  constructor(handler: CallHandler, surroundings: WholeExchangeSurroundings, owner: WholeRequestsOwner) {
    this.#handler = handler;
    this.#surroundings = surroundings;
    this.#owner = owner;
  }

  handle(request: WholeRequest): boolean {
    const leftMs = timeLeftMs(request.varying);
    const { understood } = request.head;
    if (!(understood instanceof Understood) || Number.isNaN(leftMs)) return this.#understand(request, leftMs);
    this.#owner.serve(new WholeExchange(understood.head, leftMs, request, this.#surroundings));
    return true;
  }

  #understand(request: WholeRequest, leftMs: number): boolean {
    const { head, varying } = request;
    const fields = HeaderFields.ofRaw(head.fields);
    if (varying !== undefined) fields.add(timeLeftHeader, varying);
    if (isMucp(fields) || mayBeEnvelope('POST', head.path, fields) || isRpcPath(head.path)) return false;
    const { dialect } = this.#surroundings;
    const read = dialect.readHead({ version: 1, method: 'POST', path: head.path, fields }, this.#handler);
    if (isAnswer(read)) {
      if (read.status === 204) return false;
      if (this.#owner.refusing) request.closeAfterwards();
      request.answer(read.status, read.fields, read.body);
      return true;
    }
    if (read.kind !== 'unary') return false;
    head.understood = new Understood(read);
    this.#owner.serve(new WholeExchange(read, leftMs, request, this.#surroundings));
    return true;
  }
}

/** What a head was read as; its time left is that of its first request. */
class Understood {
  readonly head: RequestHead;

  constructor(head: RequestHead) {
    this.head = head;
  }
}
