import {
  type CallHandler,
  type Clock,
  checkedMetadata,
  type IncomingCall,
  type Listener,
  type Port,
  type Reply,
  type Schema,
  ServiceError,
} from '@tenon/contract';
import type { CodecSet, OpenCodec } from '@tenon/contract/authoring';
import { type Ear, type MemoryNetwork, memoryAddress } from './memory-network.js';
import { type Answer, type CancelRequest, errorReply, type WireReply, type WireRequest } from './wire.js';

/** The answering side of one instance. */
export class MemoryListener implements Listener, Ear {
  readonly instance: string;
  readonly address: string;
  readonly #network: MemoryNetwork;
  readonly #codecs: CodecSet;
  readonly #clock: Clock;
  readonly #maxMessageBytes: number;
  readonly #handler: CallHandler;
  readonly #serving = new Set<ServedCall>();
  #state: 'open' | 'draining' | 'closed' = 'open';
  #whenIdle: (() => void)[] = [];

  constructor(network: MemoryNetwork, codecs: CodecSet, clock: Clock, port: Port, handler: CallHandler) {
    this.instance = port.instance;
    this.address = memoryAddress(port.instance);
    this.#network = network;
    this.#codecs = codecs;
    this.#clock = clock;
    this.#maxMessageBytes = port.maxMessageBytes;
    this.#handler = handler;
  }

  hear(request: WireRequest, answer: Answer): CancelRequest {
    let codec: OpenCodec | undefined;
    try {
      codec = this.#codecs.of(request.contentType);
      this.#admit(request);
    } catch (thrown) {
      const refusal = errorReply(ServiceError.from(thrown), codec);
      queueMicrotask(() => answer(refusal));
      return () => {};
    }
    const served = new ServedCall(request, codec, this.#clock.now() + request.timeLeftMs, answer);
    this.#serving.add(served);
    void this.#serve(served, codec);
    return (reason) => served.cancel(reason);
  }

  async drain(signal: AbortSignal): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    const cancelRest = () => this.#cancelAll('the server stopped before it answered');
    if (signal.aborted) cancelRest();
    signal.addEventListener('abort', cancelRest, { once: true });
    try {
      if (this.#serving.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    } finally {
      signal.removeEventListener('abort', cancelRest);
    }
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#network.detach(this);
    this.#cancelAll('the server closed before it answered');
  }

  #admit(request: WireRequest): void {
    if (this.#state !== 'open') {
      throw new ServiceError('Unavailable', `${this.address} is ${this.#state}`, { executed: 'no' });
    }
    if (request.bytes.length > this.#maxMessageBytes) {
      const sizes = `a request of ${request.bytes.length} bytes is over the limit of ${this.#maxMessageBytes}`;
      throw new ServiceError('ResourceExhausted', sizes, { executed: 'no' });
    }
  }

  async #serve(served: ServedCall, codec: OpenCodec): Promise<void> {
    const reply = await this.#replyTo(served, codec);
    served.finish(reply);
    this.#ended(served);
  }

  async #replyTo(served: ServedCall, codec: OpenCodec): Promise<WireReply> {
    let reply: Reply;
    try {
      reply = await this.#handler.unary(served);
    } catch (thrown) {
      return errorReply(fromHandler(thrown), codec);
    }
    try {
      const bytes = codec.encode(reply.value, reply.schema, this.#maxMessageBytes);
      return { kind: 'value', bytes, metadata: checkedMetadata(reply.metadata) };
    } catch (thrown) {
      const cause = ServiceError.from(thrown);
      const message = `the reply cannot be sent: ${cause.rawMessage}`;
      return errorReply(new ServiceError('Internal', message, { cause, executed: 'yes' }), codec);
    }
  }

  #cancelAll(why: string): void {
    for (const served of [...this.#serving]) {
      const reason = new ServiceError('Unavailable', why, { executed: 'maybe' });
      served.abandon(reason);
      this.#ended(served);
    }
  }

  #ended(served: ServedCall): void {
    this.#serving.delete(served);
    if (this.#serving.size > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }
}

/**
 * One call in the hands of the handler. The first of `finish`, `cancel` and `abandon` decides; after a cancel the handler
 * may go on, and its result goes nowhere.
 */
class ServedCall implements IncomingCall {
  readonly service: string;
  readonly endpoint: string;
  readonly node: string | undefined;
  readonly metadata: IncomingCall['metadata'];
  readonly peer: IncomingCall['peer'];
  readonly contentType: string;
  readonly #bytes: Buffer;
  readonly #codec: OpenCodec;
  readonly #answer: Answer;
  readonly #listeners: ((reason: ServiceError) => void)[] = [];
  #canceled: ServiceError | undefined;
  #finished = false;

  constructor(
    request: WireRequest,
    codec: OpenCodec,
    readonly deadline: number,
    answer: Answer,
  ) {
    this.service = request.service;
    this.endpoint = request.endpoint;
    this.node = request.node;
    this.metadata = request.metadata;
    this.peer = Object.freeze({ address: request.from, transport: 'memory' });
    this.contentType = request.contentType;
    this.#bytes = request.bytes;
    this.#codec = codec;
    this.#answer = answer;
  }

  decode(schema?: Schema): unknown {
    return this.#codec.decode(this.#bytes, schema);
  }

  onCancel(listener: (reason: ServiceError) => void): void {
    if (this.#canceled !== undefined) listener(this.#canceled);
    else if (!this.#finished) this.#listeners.push(listener);
  }

  /** The handler is done: its reply goes to the caller. */
  finish(reply: WireReply): void {
    if (this.#finished || this.#canceled !== undefined) return;
    this.#finished = true;
    this.#answer(reply);
  }

  /** The caller is gone: the handler is told. */
  cancel(reason: ServiceError): void {
    if (this.#finished || this.#canceled !== undefined) return;
    this.#canceled = reason;
    for (const listener of this.#listeners.splice(0)) listener(reason);
  }

  /** The server gives up: caller and handler are told. */
  abandon(reason: ServiceError): void {
    if (this.#finished || this.#canceled !== undefined) return;
    this.#answer(errorReply(reason, undefined));
    this.cancel(reason);
  }
}

/** Handlers reject with nothing but `ServiceError`; the text of anything else is not for the caller's eyes. */
function fromHandler(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  return new ServiceError('Internal', 'the handler failed', { executed: 'yes', cause: thrown });
}
