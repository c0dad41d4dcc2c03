import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { type CancelTimer, type Clock, ServiceError } from '@tenon/contract';
import { type Dialer, unreachable, wireError } from '@tenon/http';
import type { ClientResponse } from '../client-dialect.js';
import type { HeaderFields } from '../header-fields.js';
import { ResponseParser, type ResponseReceiver } from '../response-parser.js';

/** Who hears of a {@link StreamSocket}. */
export interface StreamSocketOwner {
  /** It is connected. */
  onReady(): void;
  /** The peer has said something, whole. */
  onResponse(response: ClientResponse): void;
  /** The peer has ended the connection, between two responses. Returns whether that is an end like any other. */
  onPeerEnd(): boolean;
  /** It is of no more use. Told once at most, and not after `destroy` or `end`. */
  onBroken(error: ServiceError): void;
}

/** The connection of one stream to a go-micro node: its responses come as they come, asked for or not. */
export class StreamSocket implements ResponseReceiver {
  readonly #socket: Socket;
  readonly #dialer: Dialer;
  readonly #clock: Clock;
  readonly #owner: StreamSocketOwner;
  readonly #maxMessageBytes: number;
  readonly #parser = new ResponseParser(this, true);
  readonly #cancelTimeout: CancelTimer;
  #ready = false;
  #over = false;
  #head: { readonly status: number; readonly fields: HeaderFields } | undefined = undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    dialer: Dialer,
    limits: { readonly connectTimeoutMs: number; readonly maxMessageBytes: number },
    clock: Clock,
    owner: StreamSocketOwner,
  ) {
    this.#dialer = dialer;
    this.#clock = clock;
    this.#owner = owner;
    this.#maxMessageBytes = limits.maxMessageBytes;
    this.#socket = dialer.dial();
    this.#cancelTimeout = clock.after(limits.connectTimeoutMs, () => {
      const text = `connecting took longer than ${limits.connectTimeoutMs} ms`;
      this.#break(new ServiceError('Unavailable', text, { executed: 'no' }));
    });
    this.#socket.once(dialer.readyEvent, this.#onReady);
    this.#socket.on('data', this.#onData);
    this.#socket.on('end', this.#onEnd);
    this.#socket.on('error', this.#onError);
    this.#socket.on('close', this.#onClose);
  }

  get output(): Writable {
    return this.#socket;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends once everything is written, or a second later: a peer that does not read keeps nothing. */
  end(): void {
    this.#stop();
    this.#socket.destroySoon();
    if (this.#socket.destroyed) return;
    const cancelLast = this.#clock.after(lingerMs, () => this.#socket.destroy());
    this.#socket.once('close', cancelLast);
  }

  destroy(): void {
    this.#stop();
    this.#socket.destroy();
  }

  onHead(status: number, fields: HeaderFields): void {
    this.#head = { status, fields };
    if (Number(fields.contentLength) > this.#maxMessageBytes) throw this.#tooLarge();
  }

  onBody(chunk: Buffer, last: boolean): void {
    const head = this.#head;
    if (this.#over || head === undefined) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxMessageBytes) throw this.#tooLarge();
    // The chunk belongs to the socket's buffer, and messages wait for their reader.
    if (chunk.length > 0) this.#chunks.push(Buffer.from(chunk));
    if (!last) return;
    const body = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [];
    this.#bytes = 0;
    this.#head = undefined;
    this.#owner.onResponse({ ...head, body });
  }

  onComplete(): void {}

  readonly #onReady = (): void => {
    this.#ready = true;
    this.#cancelTimeout();
    if (!this.#over) this.#owner.onReady();
  };

  readonly #onData = (chunk: Buffer): void => {
    if (this.#over) return;
    try {
      this.#parser.read(chunk);
    } catch (thrown) {
      this.#break(ServiceError.from(thrown));
    }
  };

  readonly #onError = (error: Error): void => {
    if (this.#ready) this.#break(this.#dialer.explain(error) ?? wireError(error, true, false));
    else this.#break(unreachable(this.#dialer, error));
  };

  readonly #onEnd = (): void => {
    if (this.#over || (this.#ready && !this.#parser.amidst && this.#owner.onPeerEnd())) return;
    this.#onClose();
  };

  readonly #onClose = (): void => {
    if (!this.#ready) this.#break(unreachable(this.#dialer, new Error('closed')));
    else this.#break(new ServiceError('Unavailable', 'the stream was cut off before its end'));
  };

  #break(error: ServiceError): void {
    if (this.#over) return;
    this.destroy();
    this.#owner.onBroken(error);
  }

  #stop(): void {
    this.#over = true;
    this.#cancelTimeout();
    // Nobody reads what comes now; unread, it would keep the end from being seen.
    this.#socket.resume();
  }

  #tooLarge(): ServiceError {
    const text = `a message of the reply is over the limit of ${this.#maxMessageBytes} bytes`;
    return new ServiceError('ResourceExhausted', text, { executed: 'yes' });
  }
}

const lingerMs = 1_000;
