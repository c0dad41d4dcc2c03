import { type Schema, ServiceError } from '@tenon/contract';
import { MessageQueue, type OpenCodec, type QueueSource } from '@tenon/contract/authoring';
import { FrameReader, type FrameReceiver, frameType } from './frames.js';
import type { ServerWire } from './server-wire.js';

/** The call whose requests a {@link RequestStream} reads. */
export interface RequestStreamOwner {
  /** The reader has left before the end. */
  onEnough(): void;
  /** The body ended, and the stream in it had not. Node's clients end a body before they reset its stream. */
  onCutOff(): void;
}

/** The requests of a call that streams them, from the body of its HTTP request. */
export class RequestStream implements FrameReceiver, QueueSource {
  readonly #wire: ServerWire;
  readonly #codec: OpenCodec;
  readonly #queue: MessageQueue;
  readonly #reader: FrameReader;
  readonly #owner: RequestStreamOwner;
  #schema: Schema | undefined = undefined;

  constructor(wire: ServerWire, codec: OpenCodec, maxMessageBytes: number, owner: RequestStreamOwner) {
    this.#wire = wire;
    this.#owner = owner;
    this.#codec = codec;
    this.#queue = new MessageQueue(this);
    this.#reader = new FrameReader(this, maxMessageBytes);
    wire.body.on('data', this.#onData);
    wire.body.on('end', this.#onEnd);
  }

  /** Whether it is known how they end. */
  get ended(): boolean {
    return this.#queue.ended;
  }

  messages(schema: Schema | undefined): AsyncIterable<unknown> {
    this.#schema = schema;
    return this.#queue;
  }

  /** Ends the iteration with the reason why the call ends. */
  fail(reason: ServiceError): void {
    this.#drop();
    this.#queue.fail(reason, true);
  }

  #drop(): void {
    this.#reader.stop();
    this.#wire.body.off('data', this.#onData);
    this.#wire.body.off('end', this.#onEnd);
    // Without a reader nothing would arrive any more, not even the end.
    this.#wire.body.resume();
  }

  onFrame(type: number, bytes: Buffer): void {
    if (type === frameType.message) this.#queue.push(bytes);
    else if (type === frameType.end && bytes.length === 0) this.#queue.end();
    else this.#refuse(malformed(`a request has a frame of type ${type} and ${bytes.length} bytes`));
  }

  /** By now the handler runs. */
  decode(bytes: Buffer): unknown {
    try {
      return this.#codec.decode(bytes, this.#schema);
    } catch (thrown) {
      throw ServiceError.from(thrown).with({ executed: 'maybe' });
    }
  }

  pause(): void {
    this.#wire.body.pause();
  }

  resume(): void {
    this.#wire.body.resume();
  }

  onLeft(): void {
    this.#drop();
    this.#owner.onEnough();
  }

  readonly #onData = (chunk: Buffer): void => {
    try {
      this.#reader.read(chunk);
    } catch (thrown) {
      this.#refuse(ServiceError.from(thrown));
    }
  };

  readonly #onEnd = (): void => {
    if (!this.#queue.ended) this.#owner.onCutOff();
  };

  #refuse(error: ServiceError): void {
    this.#drop();
    this.#queue.fail(error, false);
  }
}

function malformed(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message);
}
