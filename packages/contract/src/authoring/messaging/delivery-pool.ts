import type { Logger } from '../../logger.js';
import type { Delivery } from '../../message.js';
import { ServiceError } from '../../service-error.js';

/** What a {@link DeliveryPool} works with. */
export interface DeliveryPoolParts {
  readonly handler: (delivery: Delivery) => Promise<void>;
  /** How many handlers run at once. */
  readonly maxInFlight: number;
  /** How many messages may wait for one, and how many bytes these and those in hand may have. */
  readonly maxWaitingMessages: number;
  readonly maxWaitingBytes: number;
  readonly logger: Logger;
}

/**
 * The messages of one subscription at most once that have arrived: `maxInFlight` are handled at a time, the rest waits, in order and
 * within bounds. Whose handler rejects is gone, as the contract says, and the others go on.
 */
export class DeliveryPool {
  readonly #parts: DeliveryPoolParts;
  #waiting: Held[] = [];
  #head = 0;
  #running = 0;
  #heldBytes = 0;
  #idle: (() => void)[] = [];

  constructor(parts: DeliveryPoolParts) {
    this.#parts = parts;
  }

  /** Whether a message of so many bytes is one too many. One that is larger than the bound itself still goes where nothing else is held. */
  isFull(bytes: number): boolean {
    const { maxInFlight, maxWaitingMessages, maxWaitingBytes } = this.#parts;
    if (this.#size >= maxInFlight + maxWaitingMessages) return true;
    return this.#heldBytes > 0 && this.#heldBytes + bytes > maxWaitingBytes;
  }

  /** Takes a message that takes so many bytes as long as it is held. */
  run(delivery: Delivery, bytes: number): void {
    this.#heldBytes += bytes;
    if (this.#running < this.#parts.maxInFlight) this.#start(delivery, bytes);
    else this.#waiting.push({ delivery, bytes });
  }

  /** Drops what waits. Handlers that run go on. */
  clear(): void {
    for (let index = this.#head; index < this.#waiting.length; index += 1) {
      this.#heldBytes -= this.#waiting[index]?.bytes ?? 0;
    }
    this.#forgetWaiting();
    if (this.#running === 0) this.#becameIdle();
  }

  /** Resolves when nothing waits and no handler runs. */
  idle(): Promise<void> {
    if (this.#size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  get #size(): number {
    return this.#running + this.#waiting.length - this.#head;
  }

  /** One promise beside the handler's own, and nothing else is made for a message that need not wait. */
  #start(delivery: Delivery, bytes: number): void {
    this.#running += 1;
    try {
      this.#parts.handler(delivery).then(
        () => this.#ended(bytes),
        (failure: unknown) => this.#rejected(delivery, bytes, failure),
      );
    } catch (thrown) {
      queueMicrotask(() => this.#rejected(delivery, bytes, thrown));
    }
  }

  #rejected({ message }: Delivery, bytes: number, failure: unknown): void {
    const error = ServiceError.from(failure);
    this.#parts.logger.debug('a handler rejected a message', { id: message.id, error });
    this.#ended(bytes);
  }

  #ended(bytes: number): void {
    this.#running -= 1;
    this.#heldBytes -= bytes;
    const next = this.#waiting[this.#head];
    if (next !== undefined) {
      this.#head += 1;
      if (this.#head > 1_024 && this.#head * 2 > this.#waiting.length) {
        this.#waiting.splice(0, this.#head);
        this.#head = 0;
      }
      this.#start(next.delivery, next.bytes);
    } else if (this.#running === 0) {
      this.#forgetWaiting();
      this.#becameIdle();
    }
  }

  #forgetWaiting(): void {
    if (this.#waiting.length > 0) this.#waiting = [];
    this.#head = 0;
  }

  #becameIdle(): void {
    if (this.#idle.length === 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

interface Held {
  readonly delivery: Delivery;
  readonly bytes: number;
}
