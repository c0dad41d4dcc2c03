import { type Call, type CancelListener, type Clock, type Executed, type Reply, ServiceError } from '@tenon/contract';
import type { DeadlineEntry, DeadlineWheel, UnderWayEntry } from '@tenon/contract/authoring';
import { namedError } from '@tenon/http';
import type { BodyEncoder } from './body-encoder.js';
import type { ClientDialect } from './client-dialect.js';
import type { HeaderFields } from './header-fields.js';
import { ReplyMessages, type ReplyMessagesOwner } from './reply-messages.js';

/** What carries a call: a socket of its own for its time, or a stream of a shared one. */
export interface ClientWire {
  /** Ends what is under way: the peer is told that nobody waits. */
  abandon(): void;
  /** Stops reading the reply, until `resume`. */
  pause(): void;
  resume(): void;
  /** Sends no further requests: the peer reads none. */
  stopRequests(): void;
}

/** What every call of a connection shares. */
export interface ClientCallSurroundings {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly dialect: ClientDialect;
  readonly bodies: BodyEncoder;
  readonly maxMessageBytes: number;
  /** The id of the node, for errors. */
  readonly node: string;
  /** Called once, when a call is over. */
  onOver(call: ClientCall): void;
}

/** One call from here to the end of its reply, ended early by its deadline, its cancellation, or `end`. */
export class ClientCall implements DeadlineEntry, CancelListener, ReplyMessagesOwner, UnderWayEntry<ClientCall> {
  /** Rejects with nothing but a `ServiceError`. */
  readonly reply: Promise<Reply>;
  readonly call: Call;
  readonly deadline: number;
  isUnderWay = false;
  nextUnderWay: ClientCall | undefined = undefined;
  previousUnderWay: ClientCall | undefined = undefined;
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  readonly #surroundings: ClientCallSurroundings;
  #resolve: (reply: Reply) => void = ignore;
  #reject: (error: ServiceError) => void = ignore;
  /** Nothing has come for it since somebody set this, who is a {@link SilenceWatch}. */
  silent = false;
  #wire: ClientWire | undefined = undefined;
  #sent = false;
  #over = false;
  #status = 0;
  #fields: HeaderFields | undefined = undefined;
  #chunks: Buffer[] | undefined = undefined;
  #bytes = 0;
  #messages: ReplyMessages | undefined = undefined;
  /** The caller has the reply, and what comes now belongs into its messages. */
  #replied = false;

  constructor(call: Call, surroundings: ClientCallSurroundings) {
    this.call = call;
    this.deadline = call.deadline;
    this.#surroundings = surroundings;
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    surroundings.wheel.add(this);
    call.cancellation?.listen(this);
  }

  /** Whether nobody waits for it any more. */
  get over(): boolean {
    return this.#over;
  }

  /** Whether it was handed to a wire. */
  get sent(): boolean {
    return this.#sent;
  }

  /** Goes out over `wire`. From now on nobody can tell whether it ran, unless the peer says so. */
  begin(wire: ClientWire): void {
    this.#wire = wire;
    this.#sent = true;
  }

  onHead(status: number, fields: HeaderFields): void {
    this.silent = false;
    if (this.#over) return;
    const { dialect, maxMessageBytes } = this.#surroundings;
    try {
      const { call } = this;
      this.#status = status;
      this.#fields = fields;
      const head = dialect.streamHead(call, status, fields);
      if (head !== undefined) this.#messages = new ReplyMessages(call, head, maxMessageBytes, this);
      else if (Number(fields.contentLength) > maxMessageBytes) throw replyTooLarge(maxMessageBytes);
    } catch (thrown) {
      this.fail(ServiceError.from(thrown));
    }
  }

  /** @param chunk - of use only until this returns. */
  onBody(chunk: Buffer, last: boolean): void {
    this.silent = false;
    if (this.#over) return;
    if (this.#messages !== undefined) this.#readMessages(this.#messages, chunk, last);
    else if (last && this.#chunks === undefined) this.#succeed(chunk);
    else this.#keep(chunk, last);
  }

  /** Ends with an error that came from below, or from here. */
  fail(error: ServiceError): void {
    if (this.#over) return;
    const wire = this.#wire;
    this.#finish();
    wire?.abandon();
    if (this.#replied) this.#messages?.queue.fail(this.#named(error), true);
    else this.#reject(this.#named(error));
  }

  /** Ends because its connection is closed. */
  end(): void {
    this.fail(this.#error('Unavailable', 'the connection was closed during the call'));
  }

  onDeadline(): void {
    const where = this.#sent ? 'before the reply came' : 'before the request could be sent';
    this.fail(this.#error('DeadlineExceeded', `the time for the call ran out ${where}`));
  }

  onCancel(reason: ServiceError): void {
    this.fail(reason.with({ executed: this.#executed }));
  }

  onMessages(): void {
    if (this.#replied || this.#over || this.#messages === undefined) return;
    this.#replied = true;
    this.#resolve({ value: undefined, messages: this.#messages.queue, metadata: this.#messages.metadata });
  }

  onStreamEnd(error: ServiceError | undefined): void {
    const queue = this.#messages?.queue;
    if (this.#over || queue === undefined) return;
    if (error === undefined) {
      queue.end();
      this.onMessages();
    } else if (this.#replied) queue.fail(this.#named(error), false);
    else this.#reject(this.#named(error));
    // What is left of the body is its end alone, which its wire waits for.
    this.#finish();
  }

  onEnough(): void {
    this.#wire?.stopRequests();
  }

  onLeft(): void {
    if (this.#over) return;
    const wire = this.#wire;
    this.#finish();
    wire?.abandon();
  }

  pause(): void {
    this.#wire?.pause();
  }

  resume(): void {
    this.#wire?.resume();
  }

  #readMessages(messages: ReplyMessages, chunk: Buffer, last: boolean): void {
    try {
      messages.read(chunk);
    } catch (thrown) {
      this.fail(ServiceError.from(thrown));
      return;
    }
    if (last && !this.#over) this.fail(this.#error('Unavailable', 'the stream was cut off before its end'));
  }

  #keep(chunk: Buffer, last: boolean): void {
    const { maxMessageBytes } = this.#surroundings;
    this.#bytes += chunk.length;
    if (this.#bytes > maxMessageBytes) {
      this.fail(replyTooLarge(maxMessageBytes));
      return;
    }
    this.#chunks ??= [];
    if (chunk.length > 0) this.#chunks.push(Buffer.from(chunk));
    if (last) this.#succeed(Buffer.concat(this.#chunks, this.#bytes));
  }

  #succeed(body: Buffer): void {
    const fields = this.#fields;
    if (fields === undefined) return;
    this.#finish();
    try {
      this.#resolve(this.#surroundings.dialect.reply(this.call, { status: this.#status, fields, body }));
    } catch (thrown) {
      this.#reject(this.#named(ServiceError.from(thrown)));
    }
  }

  #finish(): void {
    this.#over = true;
    this.#chunks = undefined;
    this.#surroundings.wheel.remove(this);
    this.call.cancellation?.unlisten(this);
    this.#surroundings.onOver(this);
  }

  get #executed(): Executed {
    return this.#sent ? 'maybe' : 'no';
  }

  #error(code: 'Unavailable' | 'DeadlineExceeded', message: string): ServiceError {
    return new ServiceError(code, message, { executed: this.#executed });
  }

  #named(error: ServiceError): ServiceError {
    return namedError(error, this.call, this.#surroundings.node);
  }
}

function replyTooLarge(maxBytes: number): ServiceError {
  return new ServiceError('ResourceExhausted', `the reply is over the limit of ${maxBytes} bytes`, {
    executed: 'yes',
  });
}

function ignore(): void {}
