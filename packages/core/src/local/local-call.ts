import {
  type Call,
  type CallHandler,
  type CancelListener,
  type EndpointKind,
  type IncomingCall,
  type Metadata,
  type Peer,
  type Reply,
  type ReplyListener,
  type Schema,
  type ServedCall,
  ServiceError,
} from '@tenon/contract';
import type { Passage } from './passage.js';
import { PassedMessages } from './passed-messages.js';

/** One call from a client of an app to a service of the same app: both ends of it, with nothing between them. */
export class LocalCall implements IncomingCall, CancelListener {
  readonly #call: Call;
  readonly #passage: Passage;
  readonly #listener: ReplyListener;
  #served: ServedCall | undefined;
  #answered = false;

  constructor(
    call: Call,
    readonly node: string,
    passage: Passage,
    listener: ReplyListener,
  ) {
    this.#call = call;
    this.#listener = listener;
    this.#passage = passage;
  }

  get service(): string {
    return this.#call.endpoint.service;
  }

  get endpoint(): string {
    return this.#call.endpoint.name;
  }

  get kind(): EndpointKind {
    return this.#call.endpoint.kind;
  }

  get metadata(): Metadata {
    return this.#call.metadata;
  }

  get deadline(): number {
    return this.#call.deadline;
  }

  get peer(): Peer {
    return localPeer;
  }

  get contentType(): string {
    return this.#call.contentType ?? '';
  }

  /** Hands the call over. Its listener is told at once or later. */
  run(handler: CallHandler, now: number): void {
    const served = handler.handle(this, now);
    if (this.#answered) return;
    this.#served = served;
    const { cancellation } = this.#call;
    // The handler itself may have made the caller leave, before there was anyone to tell.
    if (cancellation?.canceled !== undefined) served.cancel(cancellation.canceled);
    else cancellation?.listen(this);
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
      this.#listener.onReply({ value: undefined, messages: passed, metadata });
      return;
    }
    this.#release();
    let carried: unknown;
    try {
      carried = this.#passage(value, schema, contentType);
    } catch (thrown) {
      const cause = ServiceError.from(thrown);
      const message = `the reply cannot be carried: ${cause.rawMessage}`;
      this.#listener.onFailure(new ServiceError('Internal', message, { cause, executed: 'yes' }));
      return;
    }
    this.#listener.onReply({ value: carried, metadata });
  }

  fail(error: ServiceError): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#release();
    this.#listener.onFailure(error.answered ? error : error.with({ answered: true }));
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

const localPeer: Peer = Object.freeze({ address: 'local', transport: 'local' });
