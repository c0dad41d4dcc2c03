import { type CallHandler, type Clock, type Listener, type Port, ServiceError } from '@tenon/contract';
import type { CodecSet, OpenCodec } from '@tenon/contract/authoring';
import type { Lane } from './lane.js';
import { MemoryCall } from './memory-call.js';
import { type Ear, type MemoryNetwork, memoryAddress } from './memory-network.js';
import { type CalledEnd, errorFrame, type ReplyFrame, type WireRequest } from './wire.js';

/** The answering side of one instance. */
export class MemoryListener implements Listener, Ear {
  readonly instance: string;
  readonly address: string;
  readonly #network: MemoryNetwork;
  readonly #codecs: CodecSet;
  readonly #clock: Clock;
  readonly #maxMessageBytes: number;
  readonly #handler: CallHandler;
  readonly #serving = new Set<MemoryCall>();
  #state: 'open' | 'draining' | 'closed' = 'open';
  #whenIdle: (() => void)[] = [];

  constructor(network: MemoryNetwork, codecs: CodecSet, clock: Clock, port: Port, handler: CallHandler) {
    this.instance = port.instance;
    this.address = memoryAddress(port.instance);
    this.#network = network;
    this.#codecs = codecs;
    this.#clock = clock;
    this.#maxMessageBytes = port.maxMessageBytes;
    this.#handler = handler;
  }

  hear(request: WireRequest, lane: Lane<ReplyFrame>): CalledEnd {
    let codec: OpenCodec | undefined;
    try {
      codec = this.#codecs.of(request.contentType);
      this.#admit(request);
    } catch (thrown) {
      lane.send(errorFrame(ServiceError.from(thrown), codec));
      return refused;
    }
    const call = new MemoryCall({
      request,
      codec,
      deadline: this.#clock.now() + request.timeLeftMs,
      maxMessageBytes: this.#maxMessageBytes,
      lane,
      ended: this.#ended,
    });
    this.#serving.add(call);
    call.serve(this.#handler);
    return call;
  }

  async drain(signal: AbortSignal): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    const cancelRest = () => this.#abandonAll('the server stopped before it answered');
    if (signal.aborted) cancelRest();
    signal.addEventListener('abort', cancelRest, { once: true });
    try {
      if (this.#serving.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    } finally {
      signal.removeEventListener('abort', cancelRest);
    }
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#network.detach(this);
    this.#abandonAll('the server closed before it answered');
  }

  #admit(request: WireRequest): void {
    if (this.#state !== 'open') {
      const text = `${this.address} is ${this.#state}`;
      throw new ServiceError('Unavailable', text, { executed: 'no', refusal: 'draining' });
    }
    const bytes = request.bytes?.length ?? 0;
    if (bytes > this.#maxMessageBytes) {
      const sizes = `a request of ${bytes} bytes is over the limit of ${this.#maxMessageBytes}`;
      throw new ServiceError('ResourceExhausted', sizes, { executed: 'no' });
    }
  }

  #abandonAll(why: string): void {
    for (const call of [...this.#serving]) call.abandon(new ServiceError('Unavailable', why, { executed: 'maybe' }));
  }

  readonly #ended = (call: MemoryCall): void => {
    this.#serving.delete(call);
    if (this.#serving.size > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  };
}

/** The end of a call that was refused: whatever else its caller sends goes nowhere. */
const refused: CalledEnd = Object.freeze({ receive: () => {}, cancel: () => {} });
