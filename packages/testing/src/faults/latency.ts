import { checkedNumber } from '@tenon/contract/authoring';
import type { Fault, Flow, Outlet } from './fault.js';

export interface LatencyOptions {
  /** How long each chunk is under way. Range 0 to 600,000 ms. */
  readonly latencyMs: number;
  /** Added or taken away at random, chunk by chunk; the order is kept all the same. Range 0 to 600,000 ms, default 0. */
  readonly jitterMs?: number;
}

/** Each chunk arrives later, and none overtakes another. Does not narrow the line: many chunks are under way at once. */
export class Latency implements Fault {
  readonly name: string;
  readonly #latencyMs: number;
  readonly #jitterMs: number;

  constructor({ latencyMs, jitterMs }: LatencyOptions) {
    const range = { min: 0, max: 600_000, fallback: 0, integer: false };
    this.#latencyMs = checkedNumber('latency.latencyMs', latencyMs, range);
    this.#jitterMs = checkedNumber('latency.jitterMs', jitterMs, range);
    this.name = `latency of ${this.#latencyMs} ± ${this.#jitterMs} ms`;
  }

  flow(outlet: Outlet): Flow {
    return new DelayedFlow(outlet, () => this.#latencyMs + (Math.random() * 2 - 1) * this.#jitterMs);
  }
}

/** A chunk, or the sender's end, and when it is due. */
interface Delayed {
  readonly chunk: Buffer | undefined;
  readonly due: number;
}

class DelayedFlow implements Flow {
  readonly #queue: Delayed[] = [];
  #queuedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #last = 0;

  constructor(
    private readonly outlet: Outlet,
    private readonly delayMs: () => number,
  ) {}

  take(chunk: Buffer): void {
    this.#queuedBytes += chunk.byteLength;
    this.#put(chunk);
    this.outlet.hold(this.#queuedBytes > maxQueuedBytes);
  }

  end(): void {
    this.#put(undefined);
  }

  stop(): void {
    clearTimeout(this.#timer);
    for (const { chunk } of this.#queue.splice(0)) this.#pass(chunk);
  }

  #put(chunk: Buffer | undefined): void {
    this.#last = Math.max(this.#last, performance.now() + this.delayMs());
    this.#queue.push({ chunk, due: this.#last });
    if (this.#queue.length === 1) this.#wait();
  }

  #wait(): void {
    const next = this.#queue[0];
    if (next !== undefined) this.#timer = setTimeout(() => this.#passDue(), Math.max(0, next.due - performance.now()));
  }

  #passDue(): void {
    const now = performance.now();
    for (let next = this.#queue[0]; next !== undefined && next.due <= now; next = this.#queue[0]) {
      this.#queue.shift();
      this.#pass(next.chunk);
    }
    this.outlet.hold(this.#queuedBytes > maxQueuedBytes);
    this.#wait();
  }

  #pass(chunk: Buffer | undefined): void {
    this.#queuedBytes -= chunk?.byteLength ?? 0;
    if (chunk === undefined) this.outlet.end();
    else this.outlet.send(chunk);
  }
}

/** What may be under way at once: a line of 1 Gbit/s with 100 ms holds about as much. */
const maxQueuedBytes = 16 * 1_024 * 1_024;
