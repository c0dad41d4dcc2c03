import type { ServerHttp2Stream } from 'node:http2';
import { type BuildPlan, type Schema, ServiceError } from '@tenon/contract';
import { MessageQueue, type QueueSource } from '@tenon/contract/authoring';
import { FrameReader, type FrameReceiver } from '../wire/frame-reader.js';
import type { MessageDecoder } from '../wire/message-decoder.js';

/** The call whose requests {@link RequestMessages} reads. */
export interface RequestMessagesOwner {
  /** The caller has broken the stream off, where its end would look the same. */
  onCutOff(): void;
}

/** The requests of a call that streams them. */
export class RequestMessages implements FrameReceiver, QueueSource {
  readonly #stream: ServerHttp2Stream;
  readonly #decoder: MessageDecoder;
  readonly #endsBeforeReset: boolean;
  readonly #owner: RequestMessagesOwner;
  readonly #queue: MessageQueue;
  readonly #reader: FrameReader;
  #schema: Schema | undefined = undefined;
  #plan: BuildPlan | undefined = undefined;

  /**
   * @param endsBeforeReset - whether a call that its caller breaks off looks for a moment like one whose requests have all come.
   */
  constructor(
    stream: ServerHttp2Stream,
    decoder: MessageDecoder,
    endsBeforeReset: boolean,
    owner: RequestMessagesOwner,
  ) {
    this.#stream = stream;
    this.#decoder = decoder;
    this.#endsBeforeReset = endsBeforeReset;
    this.#owner = owner;
    this.#queue = new MessageQueue(this);
    this.#reader = new FrameReader(this, decoder.maxMessageBytes);
    stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
  }

  /** Whether it is known how they end. */
  get ended(): boolean {
    return this.#queue.ended;
  }

  messages(schema: Schema | undefined, plan: BuildPlan | undefined): AsyncIterable<unknown> {
    this.#schema = schema;
    this.#plan = plan;
    return this.#queue;
  }

  /** Ends the iteration with the reason why the call ends. What still comes is the call's to drop. */
  fail(reason: ServiceError): void {
    this.#drop();
    this.#queue.fail(reason, true);
  }

  onFrame(bytes: Buffer, compressed: boolean): void {
    // One that waits is kept as it came; what it inflates to is known when it is read.
    this.#queue.push(compressed ? this.#decoder.marked(bytes) : bytes);
  }

  decode(bytes: Buffer): unknown {
    try {
      return this.#decoder.decode(bytes, this.#schema, this.#plan);
    } catch (thrown) {
      // By now the handler runs.
      throw ServiceError.from(thrown).with({ executed: 'maybe' });
    }
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** gRPC has no word for it: what the caller still sends is not read, and it feels its window close. */
  onLeft(): void {
    this.#drop();
    this.#stream.pause();
  }

  readonly #onData = (chunk: Buffer): void => {
    try {
      this.#reader.read(chunk);
    } catch (thrown) {
      this.#refuse(ServiceError.from(thrown));
    }
  };

  readonly #onEnd = (): void => {
    // A ping is answered behind all that was sent before it was read, a reset too.
    const { session } = this.#stream;
    const asked = this.#endsBeforeReset && session?.destroyed === false && session.ping(this.#settle);
    if (!asked) setImmediate(this.#settle);
  };

  readonly #settle = (): void => {
    if (this.#queue.ended) return;
    const { rstCode, aborted, destroyed } = this.#stream;
    if (aborted || destroyed || rstCode !== 0) this.#owner.onCutOff();
    else if (this.#reader.inMiddle) this.#refuse(cutShort());
    else this.#queue.end();
  };

  #refuse(error: ServiceError): void {
    this.#drop();
    this.#stream.resume();
    this.#queue.fail(error, false);
  }

  #drop(): void {
    this.#reader.stop();
    this.#stream.off('data', this.#onData);
    this.#stream.off('end', this.#onEnd);
  }
}

/** To whoever reads requests that end within a message. */
export function cutShort(): ServiceError {
  return ServiceError.refusal('InvalidArgument', 'the requests end in the middle of a message');
}
