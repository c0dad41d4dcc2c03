import { type CancelTimer, type Clock, type Logger, type Reply, ServiceError } from '@tenon/contract';
import { type CodecSet, MessageOutput, MessagePump, type PumpTarget } from '@tenon/contract/authoring';
import { unexpected } from '@tenon/http';
import { errorBytes } from './error-bytes.js';
import { frame, frameType } from './frames.js';
import { addMetadata, type FieldPairs } from './headers.js';
import type { RequestHead } from './server-dialect.js';
import type { ServerWire } from './server-wire.js';
import { type StreamEncoding, streamEncoding } from './stream-encoding.js';

/** What the streams of a listener share. */
export interface ReplySurroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly codecs: CodecSet;
  readonly maxMessageBytes: number;
}

/** Who hears how a {@link ReplyStream} goes. */
export interface ReplyStreamOwner {
  /** It failed before it began: an ordinary answer is due. */
  onRefused(error: ServiceError): void;
  /** Its end is written. */
  onDone(): void;
  /** The error to answer for a message that cannot be sent. */
  unsendable(thrown: unknown): ServiceError;
}

/** The replies of a call that streams them, into the body of its HTTP response. The head goes out with the first. */
export class ReplyStream implements PumpTarget {
  readonly #head: RequestHead;
  readonly #wire: ServerWire;
  readonly #reply: Reply;
  readonly #surroundings: ReplySurroundings;
  readonly #owner: ReplyStreamOwner;
  readonly #encoding: StreamEncoding;
  readonly #output: MessageOutput;
  #pump: MessagePump | undefined = undefined;
  #begun = false;
  #over = false;
  #quiet = false;
  #cancelHeartbeat: CancelTimer | undefined = undefined;

  constructor(
    head: RequestHead,
    wire: ServerWire,
    reply: Reply,
    surroundings: ReplySurroundings,
    owner: ReplyStreamOwner,
  ) {
    this.#head = head;
    this.#wire = wire;
    this.#reply = reply;
    this.#surroundings = surroundings;
    this.#owner = owner;
    this.#encoding = streamEncoding(head.form, head.replyCodec, head.replyType);
    this.#output = new MessageOutput(wire.output);
  }

  start(messages: AsyncIterable<unknown>): void {
    this.#pump = new MessagePump(messages, this);
    void this.#pump.run(() => this.#output);
  }

  /** Whether the head is out, so that more can be said in the body. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Tells the caller of a stream that has begun that no further requests are read. */
  refuseRequests(): void {
    if (this.#begun && this.#head.form === 'frames') this.#output.write(frame(frameType.enough, nothing));
  }

  /** Ends the stream with an error, whatever its source still does. */
  end(error: ServiceError): void {
    this.#pump?.stop();
    this.#fail(error);
  }

  /** Leaves the source: nobody takes its messages any more. */
  stop(): void {
    this.#over = true;
    this.#pump?.stop();
    this.#output.close();
    this.#cancelHeartbeat?.();
  }

  onMessage(message: unknown): void {
    if (this.#wire.gone) {
      this.stop();
      return;
    }
    const bytes = this.#encode(message);
    this.#begin();
    this.#quiet = false;
    this.#output.write(bytes);
  }

  onSourceEnd(): void {
    if (this.#wire.gone) {
      this.stop();
      return;
    }
    try {
      this.#begin();
    } catch (thrown) {
      this.#fail(ServiceError.from(thrown));
      return;
    }
    this.#finish(this.#encoding.end(), undefined);
  }

  onSourceFailure(thrown: unknown): void {
    this.#fail(thrown instanceof ServiceError ? thrown : unexpected(thrown));
  }

  #encode(message: unknown): Buffer {
    try {
      return this.#encoding.message(message, this.#reply.schema, this.#surroundings.maxMessageBytes);
    } catch (thrown) {
      throw this.#owner.unsendable(thrown);
    }
  }

  #begin(): void {
    if (this.#begun) return;
    const fields: FieldPairs = ['content-type', this.#encoding.contentType];
    if (this.#head.form === 'lines') fields.push('trailer', errorTrailer);
    try {
      addMetadata(fields, this.#reply.metadata, 'encode');
    } catch (thrown) {
      throw this.#owner.unsendable(thrown);
    }
    this.#begun = true;
    this.#wire.begin(fields);
    if (this.#encoding.heartbeat !== undefined) this.#beat(this.#encoding.heartbeat);
  }

  #fail(error: ServiceError): void {
    if (this.#over) return;
    if (!this.#begun) {
      this.stop();
      this.#owner.onRefused(error);
      return;
    }
    const record = errorBytes(error, this.#head, this.#surroundings.codecs, this.#surroundings.logger);
    this.#finish(this.#encoding.error(record), [errorTrailer, error.code]);
  }

  #finish(last: Buffer, trailers: FieldPairs | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelHeartbeat?.();
    if (last.length > 0) this.#output.write(last);
    this.#output.end();
    this.#wire.finish(this.#head.form === 'lines' ? trailers : undefined);
    this.#owner.onDone();
  }

  /** Shows proxies between here and the caller that the stream lives, where nothing else does. */
  #beat(heartbeat: Buffer): void {
    this.#cancelHeartbeat = this.#surroundings.clock.after(heartbeatMs, () => {
      if (this.#quiet && !this.#output.full) this.#output.write(heartbeat);
      this.#quiet = true;
      this.#beat(heartbeat);
    });
  }
}

/** Says in the trailers of a stream of lines with which code it failed. */
const errorTrailer = 'tenon-error';

/** Half of the shortest time that common proxies grant a silent reply. */
const heartbeatMs = 15 * 1_000;
const nothing = Buffer.alloc(0);
