import { type Call, type CancelListener, noMetadata, type Reply, ServiceError, serverStreams } from '@tenon/contract';
import type { DeadlineEntry, DeadlineWheel, OpenCodec } from '@tenon/contract/authoring';
import { encoded } from '../encoded.js';
import {
  type Frame,
  frameTypes,
  headAndBody,
  headed,
  malformed,
  noBytes,
  numbersContent,
  numbersIn,
} from '../frame.js';
import { errorIn, metadataIn } from '../heads.js';
import { Inbox, type InboxOwner } from '../stream/inbox.js';
import { Outbox, type OutboxOwner } from '../stream/outbox.js';
import { costOf } from '../stream/window.js';

/** What a call needs of its connection. */
export interface CallLine {
  /** Sends a frame of this call; none of the failures are the call's to tell. */
  send(type: number, content: Uint8Array): void;
  /** The largest message that the node takes, in bytes. */
  readonly maxMessageBytes: number;
  /** Hears of the end, once. */
  ended(call: OutgoingCall): void;
}

interface OutgoingCallParts {
  readonly call: Call;
  readonly codec: OpenCodec;
  readonly wheel: DeadlineWheel;
  readonly line: CallLine;
}

/**
 * The calling end of one call, from being sent to its end: the reply, the deadline, the cancellation, a lost node, a closed
 * connection, a reader or a writer of messages that gives up. The first decides; all but the reply tell the node.
 */
export class OutgoingCall implements DeadlineEntry, CancelListener, InboxOwner, OutboxOwner {
  readonly reply: Promise<Reply>;
  readonly deadline: number;
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  readonly #parts: OutgoingCallParts;
  readonly #replies: Inbox | undefined;
  #requests: Outbox | undefined;
  #resolve: (reply: Reply) => void = () => {};
  #reject: (error: ServiceError) => void = () => {};
  #metadata = noMetadata;
  #ended = false;

  constructor(parts: OutgoingCallParts) {
    this.#parts = parts;
    this.deadline = parts.call.deadline;
    this.reply = new Promise<Reply>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#replies = serverStreams(parts.call.endpoint.kind) ? new Inbox(this) : undefined;
  }

  /** The call has been sent. */
  start(): void {
    const { wheel, call } = this.#parts;
    wheel.add(this);
    call.cancellation?.listen(this);
    if (call.messages !== undefined) this.#requests = new Outbox(call.messages, this);
  }

  receive({ type, content }: Frame): void {
    if (this.#ended) return;
    try {
      this.#take(type, content);
    } catch (thrown) {
      const cause = ServiceError.from(thrown);
      this.fail(
        new ServiceError('Internal', `the node's answer cannot be read: ${cause.rawMessage}`, {
          cause,
          executed: 'maybe',
        }),
      );
    }
  }

  /** Nobody listens where it was sent. */
  unheard(): void {
    this.#fail(new ServiceError('Unavailable', 'nobody listens on the subject of the node', { executed: 'no' }));
  }

  /** The node, or the way to it, is gone: there is nobody to tell. */
  lost(why: string): void {
    this.#fail(new ServiceError('Unavailable', `${why} during the call`, { executed: 'maybe' }));
  }

  onDeadline(): void {
    this.fail(new ServiceError('DeadlineExceeded', 'the deadline passed during the call', { executed: 'maybe' }));
  }

  onCancel(reason: ServiceError): void {
    this.fail(reason.with({ executed: 'maybe' }));
  }

  /** Ends the call early and tells the node: the code and the message, not what is this side's own. */
  fail(error: ServiceError): void {
    if (this.#ended) return;
    const { code, rawMessage } = error;
    this.#parts.line.send(frameTypes.cancel, headed({ code, message: rawMessage.slice(0, 1_024) }));
    this.#fail(error);
  }

  send(value: unknown): number {
    const { codec, call, line } = this.#parts;
    try {
      const bytes = encoded(codec, value, call.endpoint.request, line.maxMessageBytes);
      line.send(frameTypes.message, bytes);
      return costOf(bytes.length);
    } catch (thrown) {
      this.fail(ServiceError.from(thrown).with({ executed: 'maybe' }));
      return 0;
    }
  }

  sent(): void {
    this.#parts.line.send(frameTypes.end, noBytes);
  }

  sendingFailed(thrown: unknown): void {
    this.fail(new ServiceError('Canceled', 'the requests ended in an error', { executed: 'maybe', cause: thrown }));
  }

  read(bytes: Uint8Array): unknown {
    const { codec, call } = this.#parts;
    try {
      return codec.decode(bytes, call.endpoint.response);
    } catch (thrown) {
      const cause = ServiceError.from(thrown);
      const message = `the reply cannot be read: ${cause.rawMessage}`;
      throw new ServiceError('Internal', message, { cause, executed: 'yes' });
    }
  }

  taken(bytes: number): void {
    if (!this.#ended) this.#parts.line.send(frameTypes.credit, numbersContent([bytes]));
  }

  left(): void {
    this.fail(new ServiceError('Canceled', 'the caller left the replies', { executed: 'yes' }));
  }

  #take(type: number, content: Uint8Array): void {
    switch (type) {
      case frameTypes.reply: {
        const { head, body } = headAndBody(content);
        if (this.#replies !== undefined) throw malformed('one reply where a stream was called');
        this.#end();
        this.#resolveWith(body, head);
        return;
      }
      case frameTypes.head:
        this.#metadata = metadataIn(headAndBody(content).head);
        return;
      case frameTypes.message:
        this.#push(content);
        return;
      case frameTypes.end:
        if (this.#replies === undefined) throw malformed('the end of a stream where one reply was called for');
        this.#end();
        this.#replies.end();
        this.#resolveStream(this.#replies);
        return;
      case frameTypes.error: {
        const error = errorIn(content, this.#parts.codec);
        this.#end();
        this.#reject(error);
        this.#replies?.end(error);
        return;
      }
      case frameTypes.stop:
        this.#requests?.stop();
        return;
      case frameTypes.credit:
        this.#requests?.credit(numbersIn(content)[0] ?? 0);
        return;
      default:
        throw malformed(`a node does not send type ${type}`);
    }
  }

  #push(bytes: Uint8Array): void {
    if (this.#replies === undefined) throw malformed('a message of a stream where one reply was called for');
    if (!this.#replies.push(bytes)) throw malformed('more messages than there was credit for');
    this.#resolveStream(this.#replies);
  }

  #resolveWith(bytes: Uint8Array, head: Record<string, unknown>): void {
    try {
      this.#resolve({ value: this.read(bytes), metadata: metadataIn(head) });
    } catch (thrown) {
      this.#reject(ServiceError.from(thrown).with({ executed: 'yes' }));
    }
  }

  #resolveStream(messages: Inbox): void {
    this.#resolve({ value: undefined, messages, metadata: this.#metadata });
  }

  #fail(error: ServiceError): void {
    if (this.#ended) return;
    this.#end();
    this.#reject(error);
    this.#replies?.abort(error);
  }

  #end(): void {
    const { wheel, call, line } = this.#parts;
    this.#ended = true;
    wheel.remove(this);
    call.cancellation?.unlisten(this);
    this.#requests?.stop();
    line.ended(this);
  }
}
