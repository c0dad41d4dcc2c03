import { type Call, type Clock, type Reply, ServiceError } from '@tenon/contract';
import type { OpenCodec } from '@tenon/contract/authoring';
import type { Ear, Line, MemoryNetwork } from './memory-network.js';
import { type CancelRequest, errorOf, type WireReply, type WireRequest } from './wire.js';

interface CallUnderWayParts {
  readonly network: MemoryNetwork;
  readonly clock: Clock;
  readonly codec: OpenCodec;
  readonly call: Call;
  readonly request: WireRequest;
  readonly ear: Ear;
  readonly caller: string | undefined;
}

/**
 * One call from being sent to its end, of which there are five: the reply, the deadline, the caller's abort, a broken
 * link, a closed connection. The first decides; all but the reply tell the peer.
 */
export class CallUnderWay implements Line {
  readonly caller: string | undefined;
  readonly callee: string;
  readonly reply: Promise<Reply>;
  readonly #parts: CallUnderWayParts;
  readonly #release: (() => void)[] = [];
  #resolve: (reply: Reply) => void = () => {};
  #reject: (error: ServiceError) => void = () => {};
  #cancelPeer: CancelRequest | undefined;
  #ended = false;

  constructor(parts: CallUnderWayParts) {
    this.#parts = parts;
    this.caller = parts.caller;
    this.callee = parts.ear.instance;
    this.reply = new Promise<Reply>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#watch();
    this.#travel(() => this.#arrive());
  }

  broken(): void {
    this.fail(
      new ServiceError('Unavailable', `the link to ${this.callee} broke during the call`, { executed: 'maybe' }),
    );
  }

  /** Ends the call early and tells the peer, if the request got that far. */
  fail(error: ServiceError): void {
    if (this.#ended) return;
    this.#end();
    this.#reject(error);
    this.#cancelPeer?.(error);
  }

  #watch(): void {
    const { clock, call, network, request } = this.#parts;
    this.#release.push(network.open(this));
    this.#release.push(
      clock.after(request.timeLeftMs, () =>
        this.fail(new ServiceError('DeadlineExceeded', 'the deadline passed during the call', { executed: 'maybe' })),
      ),
    );
    const { signal } = call;
    if (signal === undefined) return;
    const abort = () => {
      const cause: unknown = signal.reason;
      this.fail(new ServiceError('Canceled', 'the caller canceled the call', { executed: 'maybe', cause }));
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#release.push(() => signal.removeEventListener('abort', abort));
  }

  /** Crosses the network one way: at once means the next microtask, because no wire answers before the caller waits. */
  #travel(arrive: () => void): void {
    const { network, clock } = this.#parts;
    if (network.latencyMs > 0) this.#release.push(clock.after(network.latencyMs, arrive));
    else queueMicrotask(() => this.#ended || arrive());
  }

  #arrive(): void {
    const { ear, request } = this.#parts;
    this.#cancelPeer = ear.hear(request, (reply) => this.#travel(() => this.#answered(reply)));
  }

  #answered(reply: WireReply): void {
    const { codec, call } = this.#parts;
    this.#end();
    if (reply.kind === 'error') {
      this.#reject(errorOf(reply, codec));
      return;
    }
    try {
      this.#resolve({ value: codec.decode(reply.bytes, call.endpoint.response), metadata: reply.metadata });
    } catch (thrown) {
      const cause = ServiceError.from(thrown);
      const message = `the reply cannot be read: ${cause.rawMessage}`;
      this.#reject(new ServiceError('Internal', message, { cause, executed: 'yes' }));
    }
  }

  #end(): void {
    this.#ended = true;
    for (const release of this.#release.splice(0)) release();
  }
}
