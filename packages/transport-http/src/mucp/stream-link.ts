import type { Duplex, Writable } from 'node:stream';
import { type CallHandler, type CancelTimer, type ClaimedConnection, type Peer, ServiceError } from '@tenon/contract';
import { fromWire } from '../headers.js';
import { isAnswer } from '../server-dialect.js';
import type { Exchange, ExchangeSurroundings } from '../server-exchange.js';
import { failure, type MucpServer } from './mucp-server.js';
import { type MucpMessage, RequestParser } from './request-parser.js';
import { StreamExchange } from './stream-exchange.js';
import { isStreamId, streamFrame } from './stream-frames.js';
import type { StreamWire } from './stream-wire.js';

/** Who keeps the {@link StreamLink}s of a server. */
export interface StreamLinkOwner {
  readonly dialect: MucpServer;
  readonly surroundings: ExchangeSurroundings;
  /** Who serves the next call, and whether that one refuses every call. */
  serving(): { readonly handler: CallHandler; readonly refuses: boolean };
  onBegun(exchange: Exchange): void;
}

/**
 * One connection that carries a stream of go-micro's: the requests are read as they come, and the responses are written as
 * there are any. It carries one stream, as go-micro's clients use it, and ends with it.
 */
export class StreamLink implements StreamWire {
  readonly peer: Peer;
  readonly #socket: Duplex;
  readonly #owner: StreamLinkOwner;
  readonly #parser: RequestParser;
  #id = '';
  #exchange: StreamExchange | undefined = undefined;
  #ended = false;
  /** How many messages have come whole. */
  #messages = 0;
  #cancelTimer: CancelTimer | undefined = undefined;

  constructor({ socket, address, identity }: ClaimedConnection, owner: StreamLinkOwner) {
    this.peer = Object.freeze({ address, transport: 'http', identity });
    this.#socket = socket;
    this.#owner = owner;
    const { maxMessageBytes } = owner.surroundings;
    this.#parser = new RequestParser(this.#onMessage, { maxHeadBytes, maxBodyBytes: maxMessageBytes });
    this.#limitMessage();
    socket.on('data', this.#onData);
    socket.on('end', this.#onGone);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  get output(): Writable {
    return this.#socket;
  }

  /** What does not come because nobody reads is not late. */
  pause(): void {
    this.#socket.pause();
    this.#cancelTimer?.();
  }

  resume(): void {
    this.#socket.resume();
    if (!this.#ended && this.#parser.amidst) this.#limitMessage();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#parser.stop();
    this.#cancelTimer?.();
    this.#socket.end();
    this.#socket.resume();
    // A peer that still sends must be read from, or it gets a reset in place of the last words.
    this.#cancelTimer = this.#owner.surroundings.clock.after(lingerMs, () => this.#socket.destroy());
    this.#socket.once('finish', this.#onEnded);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#ended) return;
    const wasAmidst = this.#parser.amidst;
    const before = this.#messages;
    try {
      this.#parser.read(chunk);
    } catch (thrown) {
      this.#refuse(ServiceError.from(thrown));
      return;
    }
    if (this.#ended || this.#socket.isPaused()) return;
    if (!this.#parser.amidst) this.#cancelTimer?.();
    else if (!wasAmidst || this.#messages > before) this.#limitMessage();
  };

  readonly #onMessage = (message: MucpMessage): void => {
    this.#messages += 1;
    const { fields, body } = message;
    const id = fromWire(fields.micro('stream') ?? '');
    if (this.#exchange === undefined) this.#open(id, message);
    else if (id === this.#id || id === '') this.#exchange.onFrame(fields, body);
    else this.#refuse(violation(`a message of stream ${JSON.stringify(id.slice(0, 64))} came amidst another stream`));
  };

  #open(id: string, { fields, body }: MucpMessage): void {
    if (!isStreamId(id)) {
      this.#refuse(violation('Micro-Stream must be 1 to 64 visible ASCII characters'));
      return;
    }
    this.#id = id;
    const { dialect, surroundings } = this.#owner;
    const { handler, refuses } = this.#owner.serving();
    const head = dialect.readStreamHead(fields, body);
    if (isAnswer(head)) {
      this.#socket.write(streamFrame(firstLine, [...head.fields, 'Micro-Stream', id], head.body));
      this.end();
      return;
    }
    const kind = handler.kindOf(head.service, head.endpoint, undefined);
    this.#exchange = new StreamExchange({ head, id, kind, wire: this, dialect, surroundings });
    this.#owner.onBegun(this.#exchange);
    this.#exchange.serve(handler, refuses);
  }

  /** What is wrong with the bytes of the caller ends its call, if it has one, and the connection. */
  #refuse(error: ServiceError): void {
    if (this.#exchange !== undefined) {
      this.#exchange.end(error);
    } else if (!this.#socket.writableEnded) {
      this.#socket.write(streamFrame(firstLine, [...failure('application/json', '', error).fields], ''));
    }
    this.end();
  }

  /** Whoever begins a message must come to its end: a peer that drips holds nothing for long. */
  #limitMessage(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#owner.surroundings.clock.after(messageTimeoutMs, () => {
      this.#refuse(new ServiceError('DeadlineExceeded', 'a message did not arrive in time', { executed: 'no' }));
    });
  }

  readonly #onGone = (): void => {
    this.#exchange?.onGone();
    this.end();
  };

  readonly #onError = (): void => {
    this.#socket.destroy();
  };

  readonly #onEnded = (): void => {
    if (this.#exchange !== undefined) this.#owner.surroundings.onEnded(this.#exchange);
  };

  readonly #onClose = (): void => {
    this.#cancelTimer?.();
    this.#exchange?.onGone();
    this.#onEnded();
  };
}

function violation(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}

const firstLine = 'HTTP/1.1 200 OK\r\n';
/** As the port grants other requests. */
const maxHeadBytes = 16 * 1_024;
const messageTimeoutMs = 60 * 1_000;
/** How long a connection waits for the peer to close its side. */
const lingerMs = 2 * 1_000;
