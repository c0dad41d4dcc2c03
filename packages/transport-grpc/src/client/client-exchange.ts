import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { ServiceError } from '@tenon/contract';
import { leaveMessages } from '@tenon/contract/authoring';
import { type LinkedExchange, RequestPump, type StreamResets, unopenedStream } from '@tenon/http';
import { FrameReader, type FrameReceiver } from '../wire/frame-reader.js';
import { lostCall } from './lost-call.js';

/** What a call says, ready to be sent. */
export interface ClientRequest {
  readonly headers: OutgoingHttpHeaders;
  /** Whether messages go either way. */
  readonly streams: boolean;
  /** The only message, framed; undefined where the call streams its requests. */
  readonly body: Buffer | undefined;
  readonly messages: AsyncIterable<unknown> | undefined;
  /** A message of those, framed. Throws where it cannot be sent. */
  readonly encode: (message: unknown) => Buffer;
}

/** The call that a {@link ClientExchange} carries. */
export interface ExchangeOwner extends FrameReceiver {
  /** It goes out. From now on nobody can tell whether it ran, unless the peer says so. */
  onSent(): void;
  /** The head of the answer is there. @throws ServiceError where it is none that can be read. */
  onHead(headers: IncomingHttpHeaders): void;
  /** All messages were handed over, and the peer has said how it went. */
  onStatus(fields: IncomingHttpHeaders): void;
  /** Nothing more will come. Called also after the end, and does nothing then. */
  onLost(error: ServiceError): void;
}

/** One call on a stream of an HTTP/2 session. */
export class ClientExchange implements LinkedExchange {
  onOver: () => void = ignore;
  readonly #owner: ExchangeOwner;
  readonly #request: ClientRequest;
  readonly #reader: FrameReader;
  #session: ClientHttp2Session | undefined = undefined;
  #stream: ClientHttp2Stream | undefined = undefined;
  #resets: StreamResets | undefined = undefined;
  #requests: RequestPump | undefined = undefined;
  #status: IncomingHttpHeaders | undefined = undefined;
  #bodyEnded = false;
  /** What came before the head; undefined once that is there. */
  #early: (() => void)[] | undefined = [];

  constructor(owner: ExchangeOwner, request: ClientRequest, maxMessageBytes: number) {
    this.#owner = owner;
    this.#request = request;
    this.#reader = new FrameReader(owner, maxMessageBytes);
  }

  begin(session: ClientHttp2Session, resets: StreamResets): void {
    const { headers, body, messages } = this.#request;
    let stream: ClientHttp2Stream;
    try {
      // A stream that waits for trailers can be reset without looking as if its requests had all come.
      stream = session.request(headers, messages === undefined ? {} : { waitForTrailers: true });
    } catch (cause) {
      this.fail(unopenedStream(session, cause));
      return;
    }
    this.#session = session;
    this.#stream = stream;
    this.#resets = resets;
    this.#owner.onSent();
    stream.on('response', this.#onResponse);
    stream.on('data', this.#onData);
    stream.on('trailers', this.#onTrailers);
    stream.on('end', this.#onEnd);
    stream.on('error', ignore);
    stream.on('close', this.#onClose);
    if (messages === undefined) stream.end(body);
    else this.#sendMessages(stream, messages);
  }

  fail(error: ServiceError): void {
    this.#owner.onLost(error);
    this.#finish();
  }

  /** Nobody waits for it any more. Where the peer does, it is told. */
  end(): void {
    const stream = this.#stream;
    this.#reader.stop();
    if (this.#requests !== undefined) this.#requests.stop();
    else if (this.#request.messages !== undefined) leaveMessages(this.#request.messages);
    if (stream === undefined) this.#finish();
    else if (this.#status === undefined) this.#resets?.reset(stream, this.#request.streams);
    // Not at once: Node still reads the frame that ends the reply, and would free its stream twice.
    else if (!stream.writableEnded) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
    // Without a reader nothing would arrive any more, not even the end.
    stream?.resume();
  }

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  #sendMessages(stream: ClientHttp2Stream, messages: AsyncIterable<unknown>): void {
    stream.once('wantTrailers', () => stream.sendTrailers({}));
    this.#requests = new RequestPump({
      messages,
      body: stream,
      encode: this.#request.encode,
      onFailure: (error) => this.#owner.onLost(error),
    });
    this.#requests.start();
  }

  readonly #onResponse = (headers: IncomingHttpHeaders): void => {
    try {
      this.#owner.onHead(headers);
    } catch (thrown) {
      this.#owner.onLost(ServiceError.from(thrown));
      return;
    }
    if (headers['grpc-status'] !== undefined) this.#status = headers;
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
    try {
      this.#reader.read(chunk);
    } catch (thrown) {
      this.#owner.onLost(ServiceError.from(thrown).with({ executed: 'yes' }));
    }
  };

  readonly #onTrailers = (headers: IncomingHttpHeaders): void => {
    this.#status ??= headers;
    this.#tellStatus();
  };

  readonly #onEnd = (): void => {
    if (this.#early !== undefined) {
      this.#early.push(this.#onEnd);
      return;
    }
    this.#bodyEnded = true;
    this.#tellStatus();
  };

  /** Node tells of the end and of what stands behind it in either order. */
  #tellStatus(): void {
    if (this.#status === undefined || !this.#bodyEnded) return;
    if (this.#reader.inMiddle && this.#status['grpc-status'] === '0') {
      this.#owner.onLost(
        new ServiceError('Internal', 'the reply ends in the middle of a message', { executed: 'yes' }),
      );
    } else this.#owner.onStatus(this.#status);
  }

  readonly #onClose = (): void => {
    // An error counts also where what stood before it was cut off.
    if (this.#status !== undefined && this.#status['grpc-status'] !== '0') this.#owner.onStatus(this.#status);
    else this.#owner.onLost(lostCall(this.#stream?.rstCode ?? 0, this.#session));
    this.#finish();
  };

  #finish(): void {
    this.#requests?.stop();
    const onOver = this.onOver;
    this.onOver = ignore;
    onOver();
  }
}

function ignore(): void {}
