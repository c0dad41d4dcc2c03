import {
  type Call,
  type CancelTimer,
  type Clock,
  type Connection,
  checkedMetadata,
  clientStreams,
  type Reply,
  ServiceError,
} from '@tenon/contract';
import { type CodecSet, type DeadlineWheel, LifeSigns } from '@tenon/contract/authoring';
import { type MemoryNetwork, memoryAddress } from './memory-network.js';
import { OutgoingCall } from './outgoing-call.js';
import type { WireRequest } from './wire.js';

/** What a connection works with. */
export interface MemoryConnectionParts {
  readonly network: MemoryNetwork;
  readonly codecs: CodecSet;
  readonly clock: Clock;
  /** Shared by the connections of one transport. */
  readonly wheel: DeadlineWheel;
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
  readonly #underWay = new Set<OutgoingCall>();
  #state: 'open' | 'draining' | 'closed' = 'open';
  #whenIdle: (() => void)[] = [];
  readonly #signs: LifeSigns;
  #cancelAnswer: CancelTimer | undefined;

  constructor(parts: MemoryConnectionParts) {
    this.#parts = parts;
    this.#signs = new LifeSigns(parts.clock);
  }

  unary(call: Call): Promise<Reply> {
    return this.#start(call);
  }

  stream(call: Call): Promise<Reply> {
    return this.#start(call);
  }

  async probe(timeoutMs: number): Promise<boolean> {
    if (this.#state === 'closed') return false;
    const { network, clock } = this.#parts;
    const answer = this.#signs.within(timeoutMs);
    if (network.latencyMs === 0) queueMicrotask(this.#onAnswer);
    else this.#cancelAnswer ??= clock.after(2 * network.latencyMs, this.#onAnswer);
    return answer;
  }

  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    if (this.#underWay.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    await this.close();
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#cancelAnswer?.();
    this.#signs.end();
    for (const underWay of [...this.#underWay]) {
      underWay.fail(
        new ServiceError('Unavailable', 'the connection was closed during the call', { executed: 'maybe' }),
      );
    }
    const { wheel } = this.#parts;
    if (wheel.size === 0) wheel.close();
  }

  #start(call: Call): Promise<Reply> {
    try {
      this.#admit(call);
      const { network, codecs, clock, wheel, address } = this.#parts;
      const codec = codecs.of(call.contentType ?? this.#parts.defaultContentType);
      const caller = this.#parts.caller();
      const { service, name, kind } = call.endpoint;
      const request: WireRequest = {
        service,
        endpoint: name,
        kind,
        node: this.#parts.node === '' ? undefined : this.#parts.node,
        metadata: checkedMetadata(call.metadata),
        contentType: codec.contentType,
        // The limit is the peer's to enforce, as on any wire.
        bytes: clientStreams(kind)
          ? undefined
          : codec.encode(call.value, call.endpoint.request, Number.POSITIVE_INFINITY),
        timeLeftMs: call.deadline - clock.now(),
        from: caller === undefined ? 'memory:' : memoryAddress(caller),
      };
      const ear = network.route(caller, address);
      const outgoing = new OutgoingCall({
        network,
        clock,
        wheel,
        codec,
        call,
        request,
        ear,
        caller,
        ended: this.#ended,
      });
      this.#underWay.add(outgoing);
      outgoing.start();
      return outgoing.reply;
    } catch (thrown) {
      return Promise.reject(ServiceError.from(thrown));
    }
  }

  #admit(call: Call): void {
    const refuse = (code: 'FailedPrecondition' | 'Unavailable' | 'DeadlineExceeded', message: string) =>
      new ServiceError(code, message, { executed: 'no' });
    if (this.#state === 'closed') throw refuse('FailedPrecondition', 'the connection is closed');
    if (this.#state === 'draining') throw refuse('Unavailable', 'the connection is draining');
    const canceled = call.cancellation?.canceled;
    if (canceled !== undefined) throw canceled.with({ executed: 'no' });
    if (call.deadline <= this.#parts.clock.now()) {
      throw refuse('DeadlineExceeded', 'the deadline had passed before the call was sent');
    }
  }

  /** What is asked goes to the peer and back. Where the link is broken nothing comes, and nobody says so. */
  readonly #onAnswer = (): void => {
    this.#cancelAnswer = undefined;
    try {
      const { network, address } = this.#parts;
      network.route(this.#parts.caller(), address);
    } catch {
      return;
    }
    this.#signs.heard();
  };

  readonly #ended = (call: OutgoingCall): void => {
    this.#underWay.delete(call);
    if (this.#underWay.size > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  };
}
