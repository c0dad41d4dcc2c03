import { type Call, clientStreams, type Schema, ServiceError } from '@tenon/contract';
import type { Body } from '../body-encoder.js';
import type { RequestTemplate } from '../client-dialect.js';
import { addMetadata, type FieldPairs } from '../headers.js';
import { nanoseconds } from '../time-left.js';
import { writeMicroError } from './micro-error.js';
import type { MucpClient } from './mucp-client.js';
import { endOfStream, streamFrame } from './stream-frames.js';

/** Everything that is written for one stream. */
export class StreamRequest {
  /** The request that opens it, with metadata and deadline; its body is nobody's. */
  readonly opening: Buffer;
  /** The request of a server stream; undefined where the caller streams. */
  readonly first: Buffer | undefined;
  readonly #dialect: MucpClient;
  readonly #template: RequestTemplate;
  readonly #method: string;
  readonly #schema: Schema | undefined;
  readonly #id: string;
  readonly #start: string;
  readonly #maxMessageBytes: number;

  /** @throws ServiceError `executed: 'no'` for what no request can say, or a request that cannot be encoded. */
  constructor(call: Call, leftMs: number, host: string, dialect: MucpClient, maxMessageBytes: number) {
    const { endpoint } = call;
    this.#dialect = dialect;
    this.#maxMessageBytes = maxMessageBytes;
    this.#template = dialect.template(endpoint, dialect.contentTypeOf(call));
    this.#method = endpoint.name;
    this.#schema = endpoint.request;
    this.#id = dialect.nextId();
    const fields = [...this.#template.fields, 'Micro-Id', this.#id, 'Micro-Stream', this.#id];
    let start = `POST / HTTP/1.1\r\nHost: ${host}\r\n`;
    for (let index = 0; index < fields.length; index += 2) start += `${fields[index]}: ${fields[index + 1]}\r\n`;
    this.#start = start;
    const first: FieldPairs = leftMs === Number.POSITIVE_INFINITY ? [] : ['Timeout', nanoseconds(leftMs)];
    addMetadata(first, call.metadata, 'refuse');
    const empty = this.#template.codec.contentType === 'application/json' ? '{}' : '';
    this.opening = streamFrame(start, first, this.#enveloped(empty));
    this.first = clientStreams(endpoint.kind) ? undefined : this.#encoded(call.value, 'no');
  }

  /**
   * The end of the caller's side. A go-micro server says no end of its own to a caller that has ended; asked to close the
   * connection it does so when the handler is done, which tells the same.
   */
  get end(): Buffer {
    return streamFrame(this.#start, ['Micro-Error', endOfStream, 'Connection', 'close'], '');
  }

  /** Tells the node that the caller has given up: an end of the connection alone may come after an end of its requests. */
  get cancel(): Buffer {
    const error = new ServiceError('Canceled', 'the caller left before the end of the stream');
    return streamFrame(this.#start, ['Micro-Error', writeMicroError(error, 'tenon')], '');
  }

  /** One of the messages of a caller that streams. Throws for one that cannot be encoded. */
  message(value: unknown): Buffer {
    return this.#encoded(value, 'maybe');
  }

  #encoded(value: unknown, executed: 'no' | 'maybe'): Buffer {
    try {
      const body = this.#template.codec.encode(value, this.#schema, this.#maxMessageBytes);
      return streamFrame(this.#start, [], this.#enveloped(body));
    } catch (thrown) {
      // Those before it have been sent.
      throw ServiceError.from(thrown).with({ executed });
    }
  }

  #enveloped(body: Body): Body {
    return this.#dialect.enveloped(body, this.#template.contentType, this.#method, this.#id);
  }
}
