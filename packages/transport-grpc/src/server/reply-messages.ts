import type { ServerHttp2Stream } from 'node:http2';
import { type Reply, ServiceError } from '@tenon/contract';
import { MessageOutput, MessagePump, type PumpTarget } from '@tenon/contract/authoring';
import { unexpected } from '@tenon/http';

/** The call whose replies {@link ReplyMessages} sends. */
export interface ReplyMessagesOwner {
  /** Whether nobody listens any more. */
  readonly gone: boolean;
  /** Sends the head; called before the first message or the end. @throws ServiceError where it cannot be sent. */
  begin(): void;
  /** The bytes of a message. @throws ServiceError where it cannot be sent. */
  encode(message: unknown): Buffer;
  /** All were sent, or no more can be; not called after `stop`. */
  onRepliesEnd(error: ServiceError | undefined): void;
}

/** The replies of a call that streams them. The head goes out with the first. */
export class ReplyMessages implements PumpTarget {
  readonly #owner: ReplyMessagesOwner;
  readonly #output: MessageOutput;
  readonly #pump: MessagePump;
  #over = false;

  constructor(stream: ServerHttp2Stream, messages: NonNullable<Reply['messages']>, owner: ReplyMessagesOwner) {
    this.#owner = owner;
    this.#output = new MessageOutput(stream);
    this.#pump = new MessagePump(messages, this);
    void this.#pump.run(() => this.#output);
  }

  /** Ends them with an error, whatever their source still does. */
  end(error: ServiceError): void {
    this.#pump.stop();
    this.#finish(error);
  }

  /** Leaves the source: nobody takes its messages any more. */
  stop(): void {
    this.#over = true;
    this.#pump.stop();
    this.#output.close();
  }

  onMessage(message: unknown): void {
    if (this.#owner.gone) {
      this.stop();
      return;
    }
    const bytes = this.#owner.encode(message);
    this.#owner.begin();
    this.#output.write(bytes);
  }

  onSourceEnd(): void {
    if (this.#owner.gone) {
      this.stop();
      return;
    }
    try {
      this.#owner.begin();
    } catch (thrown) {
      this.#finish(ServiceError.from(thrown));
      return;
    }
    this.#finish(undefined);
  }

  onSourceFailure(thrown: unknown): void {
    this.#finish(thrown instanceof ServiceError ? thrown : unexpected(thrown));
  }

  #finish(error: ServiceError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#output.end();
    this.#owner.onRepliesEnd(error);
  }
}
