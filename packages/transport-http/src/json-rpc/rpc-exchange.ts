import { type CallHandler, type Metadata, type Reply, ServiceError } from '@tenon/contract';
import { callerGone } from '@tenon/http';
import { errorBytes } from '../error-bytes.js';
import { unsendable } from '../exchange-value.js';
import { addMetadata, type FieldPairs } from '../headers.js';
import { type BodyReceiver, RequestBody } from '../request-body.js';
import type { Exchange, ExchangeSurroundings } from '../server-exchange.js';
import type { ServerWire } from '../server-wire.js';
import { RpcCall, type RpcCallOwner } from './rpc-call.js';
import { type RpcErrorName, rpcFailure, rpcResult } from './rpc-error.js';
import { type RpcId, type RpcRequest, readRpcRequest } from './rpc-request.js';

/** What the head of an HTTP request says about the calls in its body. */
export interface RpcHead {
  readonly metadata: Metadata;
  /** In milliseconds of the clock; `Infinity` where the caller set none. */
  readonly deadline: number;
  readonly contentLength: number;
}

/** One HTTP request of JSON-RPC, with one call or a batch of them, and its answer. */
export class RpcExchange implements Exchange, BodyReceiver, RpcCallOwner {
  isUnderWay = false;
  nextUnderWay: Exchange | undefined = undefined;
  previousUnderWay: Exchange | undefined = undefined;
  readonly #head: RpcHead;
  readonly #wire: ServerWire;
  readonly #surroundings: ExchangeSurroundings;
  readonly #answers: (Buffer | undefined)[] = [];
  #handler: CallHandler | undefined = undefined;
  #calls: readonly RpcCall[] = [];
  #isBatch = false;
  /** The metadata of a single reply, as fields; those of a batch would be several. */
  #fields: FieldPairs = [];
  #bytes = 0;
  #waiting = 0;
  #over = false;

  constructor(head: RpcHead, wire: ServerWire, surroundings: ExchangeSurroundings) {
    this.#head = head;
    this.#wire = wire;
    this.#surroundings = surroundings;
    wire.onBroken(this.#onBroken);
    wire.onClose(this.#onClose);
  }

  serve(handler: CallHandler): void {
    this.#handler = handler;
    const { maxMessageBytes } = this.#surroundings;
    new RequestBody(this.#wire.body, this, maxMessageBytes).read(this.#head.contentLength);
  }

  onBody(body: Buffer): void {
    if (this.#over) return;
    let value: unknown;
    try {
      value = this.#surroundings.codecs.of('application/json').decode(body);
    } catch (thrown) {
      this.#refuse(ServiceError.from(thrown), 'parse');
      return;
    }
    this.#isBatch = Array.isArray(value);
    const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (entries.length === 0) this.#refuse(invalid('the batch is empty'), 'invalidRequest');
    else if (entries.length > maxBatch) {
      const text = `the batch has ${entries.length} requests; the limit is ${maxBatch}`;
      this.#refuse(new ServiceError('ResourceExhausted', text, { executed: 'no' }), 'invalidRequest');
    } else this.#serveAll(entries);
  }

  onBodyTooLarge(): void {
    const { maxMessageBytes } = this.#surroundings;
    this.#wire.dropBody(maxMessageBytes);
    const text = `the request is over the limit of ${maxMessageBytes} bytes`;
    const error = new ServiceError('ResourceExhausted', text, { executed: 'no' });
    this.#send(413, this.#failure(error, null, 'invalidRequest'));
  }

  onReply(call: RpcCall, reply: Reply): void {
    const { id } = call.request;
    this.#settle(call, id === undefined ? undefined : this.#result(call, reply, id));
  }

  onFailure(call: RpcCall, error: ServiceError): void {
    const { id } = call.request;
    this.#settle(call, id === undefined ? undefined : this.#failure(error, id, undefined, call));
  }

  closeAfterwards(): void {
    this.#wire.closeAfterwards();
  }

  end(error: ServiceError): void {
    if (this.#over) return;
    this.closeAfterwards();
    if (this.#calls.length === 0) this.#refuse(error, 'internal');
    for (const call of this.#calls) call.end(error);
  }

  #serveAll(entries: readonly unknown[]): void {
    const handler = this.#handler;
    if (handler === undefined) return;
    const { metadata, deadline } = this.#head;
    const surroundings = { metadata, deadline, peer: this.#wire.peer, handler };
    const calls: RpcCall[] = [];
    entries.forEach((entry, place) => {
      const request = readRpcRequest(entry);
      if ('invalid' in request) this.#answers[place] = this.#failure(request.invalid, request.id, 'invalidRequest');
      else calls.push(new RpcCall(request, place, surroundings, this));
    });
    this.#calls = calls;
    // A call may be answered before the next one is begun.
    this.#waiting = calls.length + 1;
    for (const call of calls) call.serve();
    this.#oneLess();
  }

  #result(call: RpcCall, reply: Reply, id: RpcId): Buffer {
    const { codecs, maxMessageBytes, logger } = this.#surroundings;
    try {
      if (!this.#isBatch) addMetadata(this.#fields, reply.metadata, 'encode');
      return rpcResult(codecs.of('application/json').encode(reply.value, reply.schema, maxMessageBytes), id);
    } catch (thrown) {
      this.#fields = [];
      return this.#failure(unsendable(thrown, call, logger), id, undefined, call);
    }
  }

  #failure(error: ServiceError, id: RpcId, name?: RpcErrorName, call: Called = nobody): Buffer {
    const { codecs, logger } = this.#surroundings;
    return rpcFailure(error, errorBytes(error, call, codecs, logger), id, name);
  }

  /** All answers of a batch together may be as large as one. */
  #settle(call: RpcCall, answer: Buffer | undefined): void {
    const { maxMessageBytes } = this.#surroundings;
    let kept = answer;
    if (answer !== undefined && this.#isBatch && this.#bytes + answer.length > maxMessageBytes) {
      const text = `the answers to the batch are over the limit of ${maxMessageBytes} bytes; send fewer at once`;
      const error = new ServiceError('ResourceExhausted', text, { executed: 'yes' });
      kept = this.#failure(error, call.request.id ?? null, undefined, call);
    }
    this.#bytes += kept?.length ?? 0;
    this.#answers[call.place] = kept;
    this.#oneLess();
  }

  #oneLess(): void {
    this.#waiting -= 1;
    if (this.#waiting > 0 || this.#over) return;
    const answers = this.#answers.filter((answer) => answer !== undefined);
    const [only] = answers;
    if (only === undefined) this.#send(204, nothing);
    else this.#send(200, this.#isBatch ? batchOf(answers) : only);
  }

  #refuse(error: ServiceError, name: RpcErrorName): void {
    this.#send(200, this.#failure(error, null, name));
  }

  #send(status: number, body: Buffer): void {
    if (this.#over || this.#wire.gone) return;
    this.#over = true;
    const fields = status === 204 ? [] : ['content-type', 'application/json', ...this.#fields];
    this.#wire.answer({ status, fields, body });
  }

  readonly #onBroken = (): void => {
    if (this.#over) return;
    this.#over = true;
    const reason = callerGone();
    for (const call of this.#calls) call.cancel(reason);
  };

  readonly #onClose = (): void => {
    this.#onBroken();
    this.#surroundings.onEnded(this);
  };
}

function batchOf(answers: readonly Buffer[]): Buffer {
  const parts = answers.flatMap((answer, index) => [index === 0 ? open : comma, answer]);
  return Buffer.concat([...parts, close]);
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}

/** Whom an error is about, for the log. */
type Called = Pick<RpcRequest, 'service' | 'endpoint'>;

const nobody: Called = Object.freeze({ service: '', endpoint: '' });
const nothing = Buffer.alloc(0);
const open = Buffer.from('[');
const comma = Buffer.from(',');
const close = Buffer.from(']');

/** As many calls as a connection may have under way over HTTP/2. */
const maxBatch = 100;
