import { type Call, ServiceError } from '@tenon/contract';
import { MessageQueue, type QueueSource } from '@tenon/contract/authoring';
import type { StreamHead } from './client-dialect.js';
import { FrameReader, type FrameReceiver, frameType } from './frames.js';
import { decodeWith } from './reply-value.js';

/** Who hears how {@link ReplyMessages} arrive. */
export interface ReplyMessagesOwner {
  /** Something has arrived: a message, or the end. Called each time. */
  onMessages(): void;
  /** The peer has said how the stream ends. */
  onStreamEnd(error: ServiceError | undefined): void;
  /** The peer reads no further requests. */
  onEnough(): void;
  /** Nobody reads on. */
  onLeft(): void;
  pause(): void;
  resume(): void;
}

/** The messages of a reply that streams. */
export class ReplyMessages implements FrameReceiver, QueueSource {
  /** What the caller iterates. */
  readonly queue: MessageQueue;
  readonly #call: Call;
  readonly #head: StreamHead;
  readonly #owner: ReplyMessagesOwner;
  readonly #reader: FrameReader;

  constructor(call: Call, head: StreamHead, maxMessageBytes: number, owner: ReplyMessagesOwner) {
    this.#call = call;
    this.#head = head;
    this.#owner = owner;
    this.queue = new MessageQueue(this);
    this.#reader = new FrameReader(this, maxMessageBytes);
  }

  get metadata(): StreamHead['metadata'] {
    return this.#head.metadata;
  }

  /** @throws ServiceError where the peer breaks the rules of framing, or a message is over the limit. */
  read(chunk: Buffer): void {
    this.#reader.read(chunk);
  }

  onFrame(type: number, bytes: Buffer): void {
    if (type === frameType.message) {
      this.queue.push(bytes);
      this.#owner.onMessages();
    } else if (type === frameType.enough) this.#owner.onEnough();
    else {
      this.#reader.stop();
      this.#owner.onStreamEnd(bytes.length === 0 ? undefined : errorIn(bytes));
    }
  }

  decode(bytes: Buffer): unknown {
    return decodeWith(this.#head.codec, this.#call, bytes);
  }

  pause(): void {
    this.#owner.pause();
  }

  resume(): void {
    this.#owner.resume();
  }

  onLeft(): void {
    this.#reader.stop();
    this.#owner.onLeft();
  }
}

function errorIn(bytes: Buffer): ServiceError {
  try {
    return ServiceError.fromRecord(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    const text = 'the stream ended with an error that cannot be read';
    return new ServiceError('Internal', text, { cause, answered: true });
  }
}
