import {
  type Call,
  type CancelListener,
  type Clock,
  noMetadata,
  type Reply,
  ServiceError,
  serverStreams,
} from '@tenon/contract';
import type { DeadlineEntry, DeadlineWheel, OpenCodec } from '@tenon/contract/authoring';
import { Inbox, type InboxOwner } from './inbox.js';
import { Lane } from './lane.js';
import type { Ear, Line, MemoryNetwork } from './memory-network.js';
import { Outbox, type OutboxOwner } from './outbox.js';
import { type CalledEnd, errorOf, type ReplyFrame, type RequestFrame, type WireRequest } from './wire.js';

interface OutgoingCallParts {
  readonly network: MemoryNetwork;
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly codec: OpenCodec;
  readonly call: Call;
  readonly request: WireRequest;
  readonly ear: Ear;
  readonly caller: string | undefined;
  /** Hears of the end, once. */
  readonly ended: (call: OutgoingCall) => void;
}

/**
 * The calling end of one call, from being sent to its end, of which there are six: the reply, the deadline, the
 * cancellation, a broken link, a closed connection, a reader or a writer of messages that gives up. The first decides; all
 * but the reply tell the peer.
 */
export class OutgoingCall implements Line, DeadlineEntry, CancelListener, InboxOwner, OutboxOwner {
  readonly caller: string | undefined;
  readonly callee: string;
  readonly reply: Promise<Reply>;
  readonly deadline: number;
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  readonly #parts: OutgoingCallParts;
  readonly #toPeer: Lane<RequestFrame>;
  readonly #fromPeer: Lane<ReplyFrame>;
  readonly #replies: Inbox | undefined;
  #requests: Outbox | undefined;
  #resolve: (reply: Reply) => void = () => {};
  #reject: (error: ServiceError) => void = () => {};
  #metadata = noMetadata;
  #peer: CalledEnd | undefined;
  #ended = false;
  #failed: ServiceError | undefined;

  constructor(parts: OutgoingCallParts) {
    const { network, clock, call, request } = parts;
    this.#parts = parts;
    this.caller = parts.caller;
    this.callee = parts.ear.instance;
    this.deadline = call.deadline;
    this.reply = new Promise<Reply>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#toPeer = new Lane(network.latencyMs, clock, { receive: (frame) => this.#deliver(frame) });
    this.#fromPeer = new Lane(network.latencyMs, clock, { receive: (frame) => this.#receive(frame) });
    this.#replies = serverStreams(request.kind) ? new Inbox(this) : undefined;
  }

  /** Sends the call. It may have ended when this returns. */
  start(): void {
    const { network, wheel, call, request } = this.#parts;
    network.open(this);
    wheel.add(this);
    call.cancellation?.listen(this);
    this.#toPeer.send({ type: 'open', request });
    if (call.messages !== undefined) this.#requests = new Outbox(call.messages, this);
  }

  broken(): void {
    this.fail(
      new ServiceError('Unavailable', `the link to ${this.callee} broke during the call`, { executed: 'maybe' }),
    );
  }

  onDeadline(): void {
    this.fail(new ServiceError('DeadlineExceeded', 'the deadline passed during the call', { executed: 'maybe' }));
  }

  onCancel(reason: ServiceError): void {
    this.fail(reason.with({ executed: 'maybe' }));
  }

  /** Ends the call early and tells the peer, if the request got that far. */
  fail(error: ServiceError): void {
    if (this.#ended) return;
    this.#end();
    this.#reject(error);
    this.#replies?.abort(error);
    this.#failed = error;
    if (this.#peer !== undefined) cancelPeer(this.#peer, error);
  }

  send(value: unknown): void {
    const { codec, call } = this.#parts;
    let bytes: Buffer;
    try {
      // The limit is the peer's to enforce, as on any wire.
      bytes = codec.encode(value, call.endpoint.request, Number.POSITIVE_INFINITY);
    } catch (thrown) {
      this.fail(ServiceError.from(thrown).with({ executed: 'maybe' }));
      return;
    }
    this.#toPeer.send({ type: 'message', bytes });
  }

  sent(): void {
    this.#toPeer.send({ type: 'end' });
  }

  sendingFailed(thrown: unknown): void {
    this.fail(new ServiceError('Canceled', 'the requests ended in an error', { executed: 'maybe', cause: thrown }));
  }

  read(bytes: Buffer): unknown {
    const { codec, call } = this.#parts;
    try {
      return codec.decode(bytes, call.endpoint.response);
    } catch (thrown) {
      const cause = ServiceError.from(thrown);
      const message = `the reply cannot be read: ${cause.rawMessage}`;
      throw new ServiceError('Internal', message, { cause, executed: 'yes' });
    }
  }

  taken(messages: number): void {
    this.#toPeer.send({ type: 'credit', messages });
  }

  left(): void {
    this.fail(new ServiceError('Canceled', 'the caller left the replies', { executed: 'yes' }));
  }

  #deliver(frame: RequestFrame): void {
    if (frame.type !== 'open') {
      this.#peer?.receive(frame);
      return;
    }
    this.#peer = this.#parts.ear.hear(frame.request, this.#fromPeer);
    // The handler itself may have ended the call, before there was a peer to tell.
    if (this.#failed !== undefined) cancelPeer(this.#peer, this.#failed);
  }

  #receive(frame: ReplyFrame): void {
    switch (frame.type) {
      case 'value':
        this.#end();
        this.#resolveWith(frame.bytes, frame.metadata);
        return;
      case 'head':
        this.#metadata = frame.metadata;
        return;
      case 'message':
        this.#replies?.push(frame.bytes);
        this.#resolveStream();
        return;
      case 'end':
        this.#end();
        this.#replies?.end();
        this.#resolveStream();
        return;
      case 'error': {
        const error = errorOf(frame, this.#parts.codec);
        this.#end();
        this.#reject(error);
        this.#replies?.end(error);
        return;
      }
      case 'stop':
        this.#requests?.stop();
        return;
      case 'credit':
        this.#requests?.credit(frame.messages);
    }
  }

  #resolveWith(bytes: Buffer, metadata: Reply['metadata']): void {
    try {
      this.#resolve({ value: this.read(bytes), metadata });
    } catch (thrown) {
      this.#reject(ServiceError.from(thrown));
    }
  }

  #resolveStream(): void {
    this.#resolve({ value: undefined, messages: this.#replies, metadata: this.#metadata });
  }

  #end(): void {
    const { network, wheel, call } = this.#parts;
    this.#ended = true;
    this.#toPeer.close();
    this.#fromPeer.close();
    network.close(this);
    wheel.remove(this);
    call.cancellation?.unlisten(this);
    this.#requests?.stop();
    this.#parts.ended(this);
  }
}

/** The peer learns what a wire would tell it: not the cause, nor details, which are this side's own. */
function cancelPeer(peer: CalledEnd, { code, rawMessage }: ServiceError): void {
  peer.cancel(new ServiceError(code, rawMessage, { executed: 'maybe' }));
}
