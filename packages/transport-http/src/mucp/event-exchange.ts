import { randomUUID } from 'node:crypto';
import { type CallHandler, checkedTopic, type Message, type Metadata, ServiceError } from '@tenon/contract';
import { mediaType } from '@tenon/contract/authoring';
import { unexpected } from '@tenon/http';
import type { HeaderFields } from '../header-fields.js';
import { fromWire } from '../headers.js';
import { type BodyReceiver, RequestBody } from '../request-body.js';
import type { HttpAnswer } from '../server-dialect.js';
import type { Exchange, ExchangeSurroundings } from '../server-exchange.js';
import type { ServerWire } from '../server-wire.js';
import { failure } from './mucp-server.js';

/**
 * An event that comes as a request, as those of go-micro's transport do: `Micro-Topic` names its topic, and the answer is
 * empty. It goes to the subscriptions of this server and nowhere else.
 */
export class EventExchange implements Exchange, BodyReceiver {
  isUnderWay = false;
  nextUnderWay: Exchange | undefined = undefined;
  previousUnderWay: Exchange | undefined = undefined;
  readonly #fields: HeaderFields;
  readonly #wire: ServerWire;
  readonly #surroundings: ExchangeSurroundings;
  #handler: CallHandler | undefined = undefined;
  #answered = false;

  constructor(fields: HeaderFields, wire: ServerWire, surroundings: ExchangeSurroundings) {
    this.#fields = fields;
    this.#wire = wire;
    this.#surroundings = surroundings;
    wire.onClose(() => surroundings.onEnded(this));
  }

  serve(handler: CallHandler): void {
    this.#handler = handler;
    const { maxMessageBytes } = this.#surroundings;
    new RequestBody(this.#wire.body, this, maxMessageBytes).read(Number(this.#fields.contentLength));
  }

  onBody(body: Buffer): void {
    this.#deliver(body).then(
      () => this.#answer({ status: 200, fields: ['content-type', this.#contentType], body: nothing }),
      (thrown: unknown) => this.#fail(thrown instanceof ServiceError ? thrown : unexpected(thrown)),
    );
  }

  onBodyTooLarge(): void {
    const { maxMessageBytes } = this.#surroundings;
    this.#wire.dropBody(maxMessageBytes);
    const text = `the event is over the limit of ${maxMessageBytes} bytes`;
    this.#fail(new ServiceError('ResourceExhausted', text, { executed: 'no' }));
  }

  closeAfterwards(): void {
    this.#wire.closeAfterwards();
  }

  end(error: ServiceError): void {
    this.closeAfterwards();
    this.#fail(error);
  }

  get #contentType(): string {
    return mediaType(this.#fields.contentType ?? 'application/protobuf');
  }

  async #deliver(body: Buffer): Promise<void> {
    const topic = checkedTopic(fromWire(this.#fields.micro('topic') ?? ''));
    const handler = this.#handler;
    if (handler?.deliver === undefined) {
      throw new ServiceError('Unimplemented', 'events are not taken here', { executed: 'no' });
    }
    await handler.deliver(topic, this.#message(body));
  }

  #message(body: Buffer): Message {
    const { traceparent, ...metadata }: Metadata = this.#fields.metadata();
    const id = fromWire(this.#fields.micro('id') ?? '');
    return {
      id: /^[\x21-\x7e]{1,128}$/.test(id) ? id : randomUUID(),
      timeMs: this.#surroundings.clock.wallTime(),
      contentType: this.#contentType,
      body,
      metadata: Object.assign(Object.create(null), metadata),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
  }

  #fail(error: ServiceError): void {
    this.#answer(failure(this.#contentType, '', error));
  }

  #answer(answer: HttpAnswer): void {
    if (this.#answered || this.#wire.gone) return;
    this.#answered = true;
    this.#wire.answer(answer);
  }
}

const nothing = Buffer.alloc(0);
