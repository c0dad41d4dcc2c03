import {
  type CallHandler,
  type IncomingCall,
  type Metadata,
  type Peer,
  type Reply,
  type ServedCall,
  ServiceError,
} from '@tenon/contract';
import { leaveMessages } from '@tenon/contract/authoring';
import { notStreamed, unexpected } from '@tenon/http';
import type { RpcRequest } from './rpc-request.js';

/** What the calls of one HTTP request share. */
export interface RpcCallSurroundings {
  readonly metadata: Metadata;
  readonly deadline: number;
  readonly peer: Peer;
  readonly handler: CallHandler;
}

/** Who answers in the name of an {@link RpcCall}; told once. */
export interface RpcCallOwner {
  onReply(call: RpcCall, reply: Reply): void;
  onFailure(call: RpcCall, error: ServiceError): void;
}

/** One request of JSON-RPC as the server sees it. */
export class RpcCall implements IncomingCall {
  readonly kind = 'unary';
  readonly node = undefined;
  readonly contentType = 'application/json';
  readonly service: string;
  readonly endpoint: string;
  readonly metadata: Metadata;
  readonly deadline: number;
  readonly peer: Peer;
  readonly request: RpcRequest;
  /** Its place among the answers. */
  readonly place: number;
  readonly #handler: CallHandler;
  readonly #owner: RpcCallOwner;
  #served: ServedCall | undefined = undefined;
  #over = false;

  constructor(request: RpcRequest, place: number, surroundings: RpcCallSurroundings, owner: RpcCallOwner) {
    this.service = request.service;
    this.endpoint = request.endpoint;
    this.metadata = surroundings.metadata;
    this.deadline = surroundings.deadline;
    this.peer = surroundings.peer;
    this.request = request;
    this.place = place;
    this.#handler = surroundings.handler;
    this.#owner = owner;
  }

  serve(): void {
    if (this.endpoint.startsWith(reserved)) {
      this.fail(
        new ServiceError('Unimplemented', `methods that begin with ${reserved} are not served`, { executed: 'no' }),
      );
      return;
    }
    try {
      this.#served = this.#handler.handle(this);
    } catch (thrown) {
      this.fail(unexpected(thrown));
    }
  }

  /** Decoded already, with the array or object around it. */
  decode(): unknown {
    return this.request.value;
  }

  messages(): AsyncIterable<unknown> {
    throw notStreamed();
  }

  reply(reply: Reply): void {
    if (reply.messages !== undefined) leaveMessages(reply.messages);
    if (this.#over) return;
    this.#over = true;
    if (reply.messages === undefined) this.#owner.onReply(this, reply);
    else this.#owner.onFailure(this, streams(this.endpoint));
  }

  fail(error: ServiceError): void {
    if (this.#over) return;
    this.#over = true;
    this.#owner.onFailure(this, this.#isStreamRefused(error) ? streams(this.endpoint) : error);
  }

  /** Nobody waits any more. */
  cancel(reason: ServiceError): void {
    if (this.#over) return;
    this.#over = true;
    this.#served?.cancel(reason);
  }

  /** Answers with `error`, whatever the handler still does. */
  end(error: ServiceError): void {
    if (this.#over) return;
    this.fail(error);
    this.#served?.cancel(error);
  }

  /** The server says how it was called; here nobody can call it otherwise. */
  #isStreamRefused({ code, executed }: ServiceError): boolean {
    if (code !== 'Unimplemented' || executed !== 'no') return false;
    const kind = this.#handler.kindOf(this.service, this.endpoint, undefined);
    return kind !== undefined && kind !== 'unary';
  }
}

function streams(endpoint: string): ServiceError {
  const text = `${endpoint} streams, which JSON-RPC cannot carry; call it by POST /service/${endpoint}, or over another transport`;
  return new ServiceError('Unimplemented', text, { executed: 'no' });
}

/** Section 4.3: for what is internal to JSON-RPC. */
const reserved = 'rpc.';
