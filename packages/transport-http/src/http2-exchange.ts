import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { ServiceError } from '@tenon/contract';
import {
  leaveMessages,
  MessageOutput,
  MessagePump,
  type PumpTarget,
  type StreamResets,
} from '@tenon/contract/authoring';
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
export class Http2Exchange implements ClientWire, PumpTarget {
  /** Called once, when it takes no more room. The link's field. */
  onOver: () => void = ignore;
  readonly #call: ClientCall;
  readonly #request: Http2Request;
  readonly #maxMessageBytes: number;
  #session: ClientHttp2Session | undefined = undefined;
  #stream: ClientHttp2Stream | undefined = undefined;
  #resets: StreamResets | undefined = undefined;
  #output: MessageOutput | undefined = undefined;
  #pump: MessagePump | undefined = undefined;
  #ended = false;
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
      const text = 'the session takes no further calls';
      const refusal = session.closed && !session.destroyed ? 'draining' : undefined;
      this.fail(new ServiceError('Unavailable', text, { executed: 'no', refusal, cause }));
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
    if (this.#pump !== undefined) this.#pump.stop();
    else if (messages !== undefined) leaveMessages(messages);
    this.#output?.close();
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
    if (this.#pump === undefined || this.#ended) return;
    this.#pump.stop();
    this.onSourceEnd();
  }

  onMessage(message: unknown): void {
    const { codec } = this.#request.template;
    let bytes: Buffer;
    try {
      bytes = codec.encode(message, this.#call.call.endpoint.request, this.#maxMessageBytes);
    } catch (thrown) {
      // Those before it have been sent.
      throw new UnsendableRequest(ServiceError.from(thrown).with({ executed: 'maybe' }));
    }
    this.#output?.write(frame(frameType.message, bytes));
  }

  onSourceEnd(): void {
    this.#ended = true;
    this.#output?.write(endFrame);
    this.#output?.end();
    this.#stream?.end();
  }

  /** What the caller's own iteration threw, or a message of it that cannot be sent. */
  onSourceFailure(thrown: unknown): void {
    const cannotBeSent = thrown instanceof UnsendableRequest;
    const error = cannotBeSent
      ? thrown.reason
      : new ServiceError('Canceled', 'the requests of the call ended in an error', { cause: thrown });
    this.#call.fail(error);
  }

  #sendMessages(stream: ClientHttp2Stream): void {
    const { messages } = this.#call.call;
    if (messages === undefined) return;
    const output = new MessageOutput(stream);
    this.#output = output;
    this.#pump = new MessagePump(messages, this);
    void this.#pump.run(() => output);
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
    this.#call.fail(resetError(this.#stream?.rstCode ?? 0, this.#session?.closed === true));
    this.#finish();
  };

  #finish(): void {
    this.#output?.close();
    const onOver = this.onOver;
    this.onOver = ignore;
    onOver();
  }
}

/** A message of the caller that no codec can write, as opposed to an error that the caller's iteration threw. */
class UnsendableRequest {
  constructor(readonly reason: ServiceError) {}
}

function addPairs(headers: OutgoingHttpHeaders, pairs: FieldPairs): void {
  for (let index = 0; index < pairs.length; index += 2) headers[pairs[index] ?? ''] = pairs[index + 1];
}

/**
 * What a stream that ended before its reply was whole means: a refused one never reached the handler (RFC 9113 §8.7). Where the
 * peer does not leave, it has more streams than it takes.
 *
 * @param leaving - whether the peer has said GOAWAY: Node gives the streams that it names as not begun the same code.
 */
function resetError(code: number, leaving: boolean): ServiceError {
  if (code === constants.NGHTTP2_REFUSED_STREAM) {
    const refusal = leaving ? 'draining' : 'overloaded';
    return new ServiceError('Unavailable', 'the peer refused the stream unread', { executed: 'no', refusal });
  }
  return new ServiceError('Unavailable', `the stream ended before the reply was whole, with code ${code}`);
}

function ignore(): void {}

const nothing = Buffer.alloc(0);
const endFrame = Buffer.from([frameType.end, 0, 0, 0, 0]);
