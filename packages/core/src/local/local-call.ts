import {
  type Call,
  type CallHandler,
  type CancelListener,
  type EndpointKind,
  type IncomingCall,
  type Metadata,
  type Peer,
  type Reply,
  type Schema,
  type ServedCall,
  ServiceError,
} from '@tenon/contract';
import type { Passage } from './passage.js';
import { PassedMessages } from './passed-messages.js';

/** One call from a client of an app to a service of the same app: both ends of it, with nothing between them. */
export class LocalCall implements IncomingCall, CancelListener {
  readonly service: string;
  readonly endpoint: string;
  readonly kind: EndpointKind;
  readonly metadata: Metadata;
  readonly deadline: number;
  readonly peer: Peer = localPeer;
  readonly contentType: string;
  readonly #call: Call;
  readonly #passage: Passage;
  #served: ServedCall | undefined;
  #resolve: (reply: Reply) => void = ignore;
  #reject: (error: ServiceError) => void = ignore;
  #answered = false;

  constructor(
    call: Call,
    readonly node: string,
    passage: Passage,
  ) {
    this.#call = call;
    this.#passage = passage;
    this.service = call.endpoint.service;
    this.endpoint = call.endpoint.name;
    this.kind = call.endpoint.kind;
    this.metadata = call.metadata;
    this.deadline = call.deadline;
    this.contentType = call.contentType ?? '';
  }

  /** Hands the call over, and resolves with its answer. */
  run(handler: CallHandler): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      const served = handler.handle(this);
      if (this.#answered) return;
      this.#served = served;
      const { cancellation } = this.#call;
      // The handler itself may have made the caller leave, before there was anyone to tell.
      if (cancellation?.canceled !== undefined) served.cancel(cancellation.canceled);
      else cancellation?.listen(this);
    });
  }

  decode(schema?: Schema): unknown {
    return this.#passage(this.#call.value, schema, this.#call.contentType);
  }

  messages(schema?: Schema): AsyncIterable<unknown> {
    const requests = this.#call.messages?.[Symbol.asyncIterator]();
    if (requests === undefined) throw new ServiceError('Internal', 'a stream without requests was called');
    const pass = (message: unknown): unknown => this.#passage(message, schema, this.#call.contentType);
    return new PassedMessages(requests, pass, (thrown) => this.#requestsEnded(thrown));
  }

  reply(reply: Reply): void {
    if (this.#answered) return;
    this.#answered = true;
    const { value, messages, metadata, schema } = reply;
    const { contentType } = this.#call;
    if (messages !== undefined) {
      const pass = (message: unknown): unknown => this.#passage(message, schema, contentType);
      const passed = new PassedMessages(messages[Symbol.asyncIterator](), pass, () => this.#release());
      this.#resolve({ value: undefined, messages: passed, metadata });
      return;
    }
    this.#release();
    try {
      this.#resolve({ value: this.#passage(value, schema, contentType), metadata });
    } catch (thrown) {
      const cause = ServiceError.from(thrown);
      const message = `the reply cannot be carried: ${cause.rawMessage}`;
      this.#reject(new ServiceError('Internal', message, { cause, executed: 'yes' }));
    }
  }

  fail(error: ServiceError): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#release();
    this.#reject(error);
  }

  onCancel(reason: ServiceError): void {
    this.#served?.cancel(reason);
  }

  /** A caller whose own requests fail gives up. */
  #requestsEnded(cause: unknown): void {
    if (cause === undefined) return;
    const error = new ServiceError('Canceled', 'the stream of requests failed', { cause });
    this.#served?.cancel(error);
    this.fail(error);
  }

  #release(): void {
    this.#call.cancellation?.unlisten(this);
  }
}

function ignore(): void {}

const localPeer: Peer = Object.freeze({ address: 'local', transport: 'local' });
