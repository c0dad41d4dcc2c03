import { type Call, type Clock, type Connection, checkedMetadata, type Reply, ServiceError } from '@tenon/contract';
import type { CodecSet } from '@tenon/contract/authoring';
import { CallUnderWay } from './call-under-way.js';
import { type MemoryNetwork, memoryAddress } from './memory-network.js';
import type { WireRequest } from './wire.js';

/** What a connection works with. */
export interface MemoryConnectionParts {
  readonly network: MemoryNetwork;
  readonly codecs: CodecSet;
  readonly clock: Clock;
  readonly defaultContentType: string;
  /** Who is called. Looked up for each call, so that a connection outlives a listener that comes back. */
  readonly address: string;
  /** The id of the node that was dialled, empty where only an address was known. */
  readonly node: string;
  /** The instance of this side, once it has one. */
  readonly caller: () => string | undefined;
}

/** The asking side. */
export class MemoryConnection implements Connection {
  readonly #parts: MemoryConnectionParts;
  readonly #underWay = new Set<CallUnderWay>();
  #state: 'open' | 'draining' | 'closed' = 'open';
  #whenIdle: (() => void)[] = [];

  constructor(parts: MemoryConnectionParts) {
    this.#parts = parts;
  }

  async unary(call: Call): Promise<Reply> {
    const { network, codecs, clock, address } = this.#parts;
    this.#admit(call);
    const codec = codecs.of(call.contentType ?? this.#parts.defaultContentType);
    const caller = this.#parts.caller();
    const request: WireRequest = {
      service: call.endpoint.service,
      endpoint: call.endpoint.name,
      node: this.#parts.node === '' ? undefined : this.#parts.node,
      metadata: checkedMetadata(call.metadata),
      contentType: codec.contentType,
      // The limit is the peer's to enforce, as on any wire.
      bytes: codec.encode(call.value, call.endpoint.request, Number.POSITIVE_INFINITY),
      timeLeftMs: call.deadline - clock.now(),
      from: caller === undefined ? 'memory:' : memoryAddress(caller),
    };
    const ear = network.route(caller, address);
    const underWay = new CallUnderWay({ network, clock, codec, call, request, ear, caller });
    this.#underWay.add(underWay);
    try {
      return await underWay.reply;
    } finally {
      this.#underWay.delete(underWay);
      this.#checkIdle();
    }
  }

  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    if (this.#underWay.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    await this.close();
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    for (const underWay of [...this.#underWay]) {
      underWay.fail(
        new ServiceError('Unavailable', 'the connection was closed during the call', { executed: 'maybe' }),
      );
    }
  }

  #admit(call: Call): void {
    const refuse = (code: 'FailedPrecondition' | 'Unavailable' | 'Unimplemented' | 'Canceled', message: string) =>
      new ServiceError(code, message, { executed: 'no' });
    if (this.#state === 'closed') throw refuse('FailedPrecondition', 'the connection is closed');
    if (this.#state === 'draining') throw refuse('Unavailable', 'the connection is draining');
    if (call.endpoint.kind !== 'unary') {
      throw refuse('Unimplemented', `the memory transport carries unary calls; ${call.endpoint.name} is a stream`);
    }
    if (call.signal?.aborted) throw refuse('Canceled', 'the call was canceled before it was sent');
    if (call.deadline <= this.#parts.clock.now()) {
      throw new ServiceError('DeadlineExceeded', 'the deadline had passed before the call was sent', {
        executed: 'no',
      });
    }
  }

  #checkIdle(): void {
    if (this.#underWay.size > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }
}
