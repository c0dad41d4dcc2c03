import { ServiceError } from '@tenon/contract';
import type { HeaderFields } from '../header-fields.js';
import { type BodyReceiver, RequestBody } from '../request-body.js';
import type { HttpAnswer } from '../server-dialect.js';
import type { ServerWire } from '../server-wire.js';
import { failure, type MucpServer, type OpenedRequest } from './mucp-server.js';

/** Who serves what an {@link OpenedBody} has read. */
export interface OpenedBodyOwner {
  onOpened(opened: OpenedRequest, wire: ServerWire): void;
  /** The answer to a request that cannot be opened. */
  onRefused(answer: HttpAnswer, wire: ServerWire): void;
}

/** Reads the body of a request whose envelope says what the call is. */
export class OpenedBody implements BodyReceiver {
  readonly #fields: HeaderFields;
  readonly #wire: ServerWire;
  readonly #dialect: MucpServer;
  readonly #owner: OpenedBodyOwner;
  readonly #maxBytes: number;

  constructor(fields: HeaderFields, wire: ServerWire, dialect: MucpServer, maxBytes: number, owner: OpenedBodyOwner) {
    this.#fields = fields;
    this.#wire = wire;
    this.#dialect = dialect;
    this.#owner = owner;
    this.#maxBytes = maxBytes;
  }

  read(): void {
    new RequestBody(this.#wire.body, this, this.#maxBytes).read(Number(this.#fields.contentLength));
  }

  onBody(body: Buffer): void {
    if (this.#wire.gone) return;
    const read = this.#dialect.readOpened(this.#fields, body);
    if ('status' in read) this.#owner.onRefused(read, this.#wire);
    else this.#owner.onOpened(read, this.#wire);
  }

  onBodyTooLarge(): void {
    this.#wire.dropBody(this.#maxBytes);
    const text = `the request is over the limit of ${this.#maxBytes} bytes`;
    const error = new ServiceError('ResourceExhausted', text, { executed: 'no' });
    this.#wire.answer(failure('application/json', '', error));
  }
}
