import type { Writable } from 'node:stream';
import { ServiceError } from '@tenon/contract';
import { MessageOutput, MessagePump, type PumpTarget } from '@tenon/contract/authoring';

/** What a {@link RequestPump} is made of. */
export interface RequestPumpParts {
  /** The requests of the caller. */
  readonly messages: AsyncIterable<unknown>;
  /** Where they go: the body of the call's request. */
  readonly body: Writable;
  /** What stands behind the last of them, where the end of the body does not say it. */
  readonly last?: Buffer;
  /** The bytes of one. Throws where it cannot be sent. */
  encode(message: unknown): Buffer;
  /** They ended in an error: what the caller's own iteration threw, or a message that cannot be sent. */
  onFailure(error: ServiceError): void;
}

/** Sends the requests of a call that streams them, no faster than the peer takes them. */
export class RequestPump implements PumpTarget {
  readonly #parts: RequestPumpParts;
  readonly #output: MessageOutput;
  readonly #pump: MessagePump;
  #ended = false;

  constructor(parts: RequestPumpParts) {
    this.#parts = parts;
    this.#output = new MessageOutput(parts.body);
    this.#pump = new MessagePump(parts.messages, this);
  }

  start(): void {
    void this.#pump.run(() => this.#output);
  }

  /** Leaves the requests, and drops what has not gone out. */
  stop(): void {
    this.#pump.stop();
    this.#output.close();
  }

  /** Leaves the requests and ends the body: what was sent stands. */
  end(): void {
    if (this.#ended) return;
    this.#pump.stop();
    this.onSourceEnd();
  }

  onMessage(message: unknown): void {
    let bytes: Buffer;
    try {
      bytes = this.#parts.encode(message);
    } catch (thrown) {
      this.#pump.stop();
      // Those before it have been sent.
      this.#parts.onFailure(ServiceError.from(thrown).with({ executed: 'maybe' }));
      return;
    }
    this.#output.write(bytes);
  }

  onSourceEnd(): void {
    this.#ended = true;
    const { body, last } = this.#parts;
    if (last !== undefined) this.#output.write(last);
    this.#output.end();
    body.end();
  }

  onSourceFailure(thrown: unknown): void {
    this.#parts.onFailure(requestsFailed(thrown));
  }
}

/** With what a call ends whose caller's iteration of requests threw. */
export function requestsFailed(cause: unknown): ServiceError {
  return new ServiceError('Canceled', 'the requests of the call ended in an error', { cause });
}
