import type { ServerHttp2Stream } from 'node:http2';
import { ServiceError } from '@tenon/contract';
import { FrameReader, type FrameReceiver } from '../wire/frame-reader.js';
import type { MessageDecoder } from '../wire/message-decoder.js';
import { cutShort } from './request-messages.js';

/** Who gets the request that a {@link RequestMessage} has read. */
export interface RequestMessageOwner {
  /** It is there, whole and alone. @param compressed - whether it came so. */
  onRequest(bytes: Buffer, compressed: boolean): void;
  /** It is malformed, over the limit, missing, or not alone. */
  onBadRequest(error: ServiceError): void;
}

/** Reads the one request of a unary call or a server stream. One that is broken off is told to nobody here. */
export class RequestMessage implements FrameReceiver {
  readonly #stream: ServerHttp2Stream;
  readonly #decoder: MessageDecoder;
  readonly #owner: RequestMessageOwner;
  readonly #reader: FrameReader;
  #message: Buffer | undefined = undefined;
  #compressed = false;

  constructor(stream: ServerHttp2Stream, decoder: MessageDecoder, owner: RequestMessageOwner) {
    this.#stream = stream;
    this.#decoder = decoder;
    this.#owner = owner;
    this.#reader = new FrameReader(this, decoder.maxMessageBytes);
    stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
  }

  onFrame(bytes: Buffer, compressed: boolean): void {
    if (this.#message !== undefined) throw notOne('more than one message');
    this.#message = compressed ? this.#decoder.inflated(bytes) : bytes;
    this.#compressed = compressed;
  }

  readonly #onData = (chunk: Buffer): void => {
    try {
      this.#reader.read(chunk);
    } catch (thrown) {
      this.#refuse(ServiceError.from(thrown));
    }
  };

  readonly #onEnd = (): void => {
    const message = this.#message;
    if (this.#reader.inMiddle) this.#brokenOff();
    else if (message !== undefined) this.#owner.onRequest(message, this.#compressed);
    else this.#brokenOff();
  };

  /** Node's clients end their side before they reset it: what looks cut short may have been given up. */
  #brokenOff(): void {
    setImmediate(() => {
      const { rstCode, aborted, destroyed } = this.#stream;
      if (aborted || destroyed || rstCode !== 0) return;
      this.#refuse(this.#reader.inMiddle ? cutShort() : notOne('none'));
    });
  }

  #refuse(error: ServiceError): void {
    this.#reader.stop();
    this.#stream.off('data', this.#onData);
    this.#stream.off('end', this.#onEnd);
    this.#owner.onBadRequest(error.with({ executed: 'no' }));
  }
}

/** Source: gRPC's "Status codes and their use in gRPC", on cardinality. */
function notOne(came: string): ServiceError {
  return ServiceError.refusal('Unimplemented', `this endpoint takes one request, and ${came} came`);
}
