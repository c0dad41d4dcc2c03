import {
  type Call,
  type CancelListener,
  type Clock,
  type Executed,
  noMetadata,
  type Reply,
  ServiceError,
} from '@tenon/contract';
import {
  type DeadlineEntry,
  type DeadlineWheel,
  leaveMessages,
  MessageOutput,
  MessagePump,
  MessageQueue,
  type OpenCodec,
  type PumpTarget,
  type UnderWayEntry,
} from '@tenon/contract/authoring';
import { type Dialer, namedError, requestsFailed } from '@tenon/http';
import type { ClientResponse } from '../client-dialect.js';
import { fromWire } from '../headers.js';
import type { ResolvedHttpOptions } from '../http-options.js';
import { decodeWith } from '../reply-value.js';
import type { MucpClient } from './mucp-client.js';
import { endOfStream } from './stream-frames.js';
import type { StreamRequest } from './stream-request.js';
import { StreamSocket, type StreamSocketOwner } from './stream-socket.js';

/** What the streams of a connection share. */
export interface ClientStreamSurroundings {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly dialect: MucpClient;
  readonly dialer: Dialer;
  readonly options: Pick<ResolvedHttpOptions, 'connectTimeoutMs' | 'maxMessageBytes'>;
  /** The id of the node, for errors. */
  readonly node: string;
  /** Called once, when a stream is over. */
  onOver(stream: ClientStream): void;
}

/**
 * One stream to a go-micro node, on a connection of its own: opened by a request that the node drops, then each message a
 * request, each answer a response, and `EOS` at the end of either side.
 */
export class ClientStream
  implements DeadlineEntry, CancelListener, PumpTarget, StreamSocketOwner, UnderWayEntry<ClientStream>
{
  /** Rejects with nothing but a `ServiceError`. */
  readonly reply: Promise<Reply>;
  readonly deadline: number;
  isUnderWay = false;
  nextUnderWay: ClientStream | undefined = undefined;
  previousUnderWay: ClientStream | undefined = undefined;
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  /** Nothing has come for it since somebody set this, who is a `SilenceWatch`. */
  silent = false;
  readonly #call: Call;
  readonly #request: StreamRequest;
  readonly #surroundings: ClientStreamSurroundings;
  readonly #socket: StreamSocket;
  readonly #messages: MessageQueue;
  #resolve: (reply: Reply) => void = ignore;
  #reject: (error: ServiceError) => void = ignore;
  #codec: OpenCodec | undefined = undefined;
  #pump: MessagePump | undefined = undefined;
  #output: MessageOutput | undefined = undefined;
  /** The caller's side has ended. */
  #saidEnd = false;
  #replied = false;
  #over = false;

  constructor(call: Call, request: StreamRequest, surroundings: ClientStreamSurroundings) {
    this.#call = call;
    this.#request = request;
    this.#surroundings = surroundings;
    this.deadline = call.deadline;
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { dialer, options, clock, wheel } = surroundings;
    this.#socket = new StreamSocket(dialer, options, clock, this);
    this.#messages = new MessageQueue({
      decode: (bytes) => decodeWith(this.#codec as OpenCodec, call, bytes),
      pause: () => this.#socket.pause(),
      resume: () => this.#socket.resume(),
      onLeft: () => this.#finish(true),
    });
    wheel.add(this);
    call.cancellation?.listen(this);
  }

  /** Whether anything was handed to a connection. */
  get sent(): boolean {
    return this.#output !== undefined;
  }

  onReady(): void {
    const output = new MessageOutput(this.#socket.output);
    this.#output = output;
    output.write(this.#request.opening);
    const { messages } = this.#call;
    if (this.#request.first !== undefined) output.write(this.#request.first);
    if (messages === undefined) return;
    this.#pump = new MessagePump(messages, this);
    void this.#pump.run(() => output);
  }

  onResponse(response: ClientResponse): void {
    this.silent = false;
    if (this.#over) return;
    if (response.status === 200 && fromWire(response.fields.micro('error') ?? '') === endOfStream) {
      this.#onStreamEnd();
      return;
    }
    const error = this.#surroundings.dialect.errorIn(this.#call, response);
    if (error !== undefined) this.#end(error, true);
    else this.#onReplyMessage(response);
  }

  /** To a caller that has ended its side, go-micro says nothing else when its handler is done. */
  onPeerEnd(): boolean {
    if (!this.#saidEnd || this.#over) return false;
    this.#onStreamEnd();
    return true;
  }

  onBroken(error: ServiceError): void {
    this.fail(error);
  }

  /** Ends with an error that came from below, or from here. */
  fail(error: ServiceError): void {
    this.#end(error, false);
  }

  /** Ends because its connection is closed. */
  end(): void {
    this.fail(this.#error('Unavailable', 'the connection was closed during the call'));
  }

  onDeadline(): void {
    const where = this.sent ? 'before the stream had ended' : 'before the stream could be opened';
    this.fail(this.#error('DeadlineExceeded', `the time for the call ran out ${where}`));
  }

  onCancel(reason: ServiceError): void {
    this.fail(reason.with({ executed: this.#executed }));
  }

  onMessage(message: unknown): void {
    let bytes: Buffer;
    try {
      bytes = this.#request.message(message);
    } catch (thrown) {
      this.#pump?.stop();
      this.fail(ServiceError.from(thrown));
      return;
    }
    this.#output?.write(bytes);
  }

  onSourceEnd(): void {
    this.#saidEnd = true;
    this.#output?.write(this.#request.end);
    this.#output?.flush();
  }

  /** What the caller's own iteration threw. */
  onSourceFailure(thrown: unknown): void {
    this.fail(requestsFailed(thrown));
  }

  #onReplyMessage(response: ClientResponse): void {
    try {
      const { codec, bytes } = this.#surroundings.dialect.messageIn(response);
      if (this.#call.endpoint.kind === 'client') {
        const value = decodeWith(codec, this.#call, bytes);
        this.#finish(false);
        this.#resolve({ value, metadata: noMetadata });
        return;
      }
      this.#codec = codec;
      this.#messages.push(bytes);
      this.#onFirst();
    } catch (thrown) {
      this.fail(ServiceError.from(thrown));
    }
  }

  #onStreamEnd(): void {
    if (this.#call.endpoint.kind === 'client') {
      this.fail(new ServiceError('Internal', 'the peer ended the call without a reply', { executed: 'yes' }));
      return;
    }
    this.#messages.end();
    this.#onFirst();
    this.#finish(false);
  }

  #onFirst(): void {
    if (this.#replied) return;
    this.#replied = true;
    this.#resolve({ value: undefined, messages: this.#messages, metadata: noMetadata });
  }

  /** @param answered - whether the peer said so: then what came before it is still of use, and it need not be told. */
  #end(error: ServiceError, answered: boolean): void {
    if (this.#over) return;
    this.#finish(!answered);
    const named = namedError(error, this.#call, this.#surroundings.node);
    if (this.#replied) this.#messages.fail(named, !answered);
    else this.#reject(named);
  }

  #finish(left: boolean): void {
    if (this.#over) return;
    this.#over = true;
    if (left) this.#output?.write(this.#request.cancel);
    this.#output?.flush();
    const { messages } = this.#call;
    if (this.#pump !== undefined) this.#pump.stop();
    else if (messages !== undefined) leaveMessages(messages);
    this.#output?.close();
    this.#socket.end();
    this.#surroundings.wheel.remove(this);
    this.#call.cancellation?.unlisten(this);
    this.#surroundings.onOver(this);
  }

  get #executed(): Executed {
    return this.sent ? 'maybe' : 'no';
  }

  #error(code: 'Unavailable' | 'DeadlineExceeded', message: string): ServiceError {
    return new ServiceError(code, message, { executed: this.#executed });
  }
}

function ignore(): void {}
