import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { ServiceError } from '@tenon/contract';
import { leaveMessages } from '@tenon/contract/authoring';
import { type LinkedExchange, lostStream, RequestPump, type StreamResets, unopenedStream } from '@tenon/http';
import type { Body } from './body-encoder.js';
import type { ClientCall, ClientWire } from './client-call.js';
import type { RequestTemplate } from './client-dialect.js';
import { frame, frameType } from './frames.js';
import { HeaderFields } from './header-fields.js';
import type { FieldPairs } from './headers.js';

/** What a call says, ready to be sent. */
export interface Http2Request {
  readonly template: RequestTemplate;
  readonly fields: FieldPairs;
  /** Undefined where the call streams its requests. */
  readonly body: Body | undefined;
}

/** One call on a stream of an HTTP/2 session. */
export class Http2Exchange implements ClientWire, LinkedExchange {
  onOver: () => void = ignore;
  readonly #call: ClientCall;
  readonly #request: Http2Request;
  readonly #maxMessageBytes: number;
  #session: ClientHttp2Session | undefined = undefined;
  #stream: ClientHttp2Stream | undefined = undefined;
  #resets: StreamResets | undefined = undefined;
  #requests: RequestPump | undefined = undefined;
  /** Of a reply whose length is known. */
  #missingBytes = Number.NEGATIVE_INFINITY;
  /** What came before the head; undefined once that is there. */
  #early: (() => void)[] | undefined = [];

  constructor(call: ClientCall, request: Http2Request, maxMessageBytes: number) {
    this.#call = call;
    this.#request = request;
    this.#maxMessageBytes = maxMessageBytes;
  }

  begin(session: ClientHttp2Session, resets: StreamResets): void {
    const { body } = this.#request;
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(this.#headers());
    } catch (cause) {
      this.fail(unopenedStream(session, cause));
      return;
    }
    this.#session = session;
    this.#stream = stream;
    this.#resets = resets;
    this.#call.begin(this);
    stream.on('headers', this.#onInformation);
    stream.on('response', this.#onResponse);
    stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
    stream.on('error', this.#onError);
    stream.on('close', this.#onClose);
    if (body !== undefined) stream.end(body, 'latin1');
    else this.#sendMessages(stream);
  }

  /** Ends because its session did. */
  fail(error: ServiceError): void {
    this.#call.fail(error);
    this.#finish();
  }

  /** The call is over, sent or not. */
  onCallOver(): void {
    const { messages } = this.#call.call;
    if (this.#requests !== undefined) this.#requests.stop();
    else if (messages !== undefined) leaveMessages(messages);
    if (this.#stream === undefined) this.#finish();
  }

  abandon(): void {
    if (this.#stream !== undefined) this.#resets?.reset(this.#stream, this.#call.call.endpoint.kind !== 'unary');
  }

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  /** Half-closes: what was sent stands. */
  stopRequests(): void {
    this.#requests?.end();
  }

  #sendMessages(stream: ClientHttp2Stream): void {
    const { messages } = this.#call.call;
    if (messages === undefined) return;
    const { codec } = this.#request.template;
    const schema = this.#call.call.endpoint.request;
    this.#requests = new RequestPump({
      messages,
      body: stream,
      last: endFrame,
      encode: (message) => frame(frameType.message, codec.encode(message, schema, this.#maxMessageBytes)),
      onFailure: (error) => this.#call.fail(error),
    });
    this.#requests.start();
  }

  #headers(): OutgoingHttpHeaders {
    const { template, fields, body } = this.#request;
    const headers: OutgoingHttpHeaders = Object.create(null);
    headers[':method'] = 'POST';
    headers[':path'] = template.path;
    addPairs(headers, template.fields);
    addPairs(headers, fields);
    if (body !== undefined) headers['content-length'] = body.length;
    return headers;
  }

  readonly #onInformation = (headers: IncomingHttpHeaders): void => {
    if (headers['tenon-requests'] === 'enough') this.stopRequests();
  };

  readonly #onResponse = (headers: IncomingHttpHeaders & { readonly ':status'?: number }): void => {
    const fields = HeaderFields.ofHttp2(headers);
    if (fields.contentLength !== undefined) this.#missingBytes = Number(fields.contentLength);
    this.#call.onHead(headers[':status'] ?? 0, fields);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const tell of early) tell();
  };

  /** Node tells of a head in the next turn, and of a body that came in the same piece now and then before it. */
  readonly #onData = (chunk: Buffer): void => {
    if (this.#early !== undefined) {
      this.#early.push(() => this.#onData(chunk));
      return;
    }
    this.#missingBytes -= chunk.length;
    this.#call.onBody(chunk, false);
  };

  /**
   * Node's servers end a body before they reset its stream, so a reply is taken for whole only if it has its length;
   * streams have an end of their own. `close` follows with the code.
   */
  readonly #onEnd = (): void => {
    if (this.#early !== undefined) {
      this.#early.push(this.#onEnd);
      return;
    }
    const stream = this.#stream;
    if (this.#missingBytes > 0 || stream === undefined || stream.rstCode !== constants.NGHTTP2_NO_ERROR) return;
    this.#call.onBody(nothing, true);
    // What is left to send is of no use. Not at once: Node still reads the frame that ends the reply, and would free its stream twice.
    if (!stream.writableEnded) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
  };

  /** `close` follows, with the code. */
  readonly #onError = (_error: Error): void => {};

  readonly #onClose = (): void => {
    this.#call.fail(lostStream(this.#stream?.rstCode ?? 0, this.#session));
    this.#finish();
  };

  #finish(): void {
    this.#requests?.stop();
    const onOver = this.onOver;
    this.onOver = ignore;
    onOver();
  }
}

function addPairs(headers: OutgoingHttpHeaders, pairs: FieldPairs): void {
  for (let index = 0; index < pairs.length; index += 2) headers[pairs[index] ?? ''] = pairs[index + 1];
}

function ignore(): void {}

const nothing = Buffer.alloc(0);
const endFrame = Buffer.from([frameType.end, 0, 0, 0, 0]);
