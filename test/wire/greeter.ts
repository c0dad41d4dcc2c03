import { anything, callContext, Endpoint, Service, ServiceError } from 'tenon';

export interface CountRequest {
  readonly to: number;
  /** Letters in each message, to make it larger. */
  readonly pad?: number;
  /** Throws after the last message. */
  readonly fails?: boolean;
}

/** The service that strangers call, with an endpoint of each kind. */
@Service('greeter', { version: '1.2.0' })
export class Greeter {
  /** What has ended, in order: `wait` when its caller has left, `count at 3` when a stream was left or has ended. */
  readonly ended: string[] = [];
  readonly #listeners = new Set<() => void>();

  @Endpoint({ request: anything })
  hello(request: unknown): unknown {
    const context = callContext();
    context.setReplyMetadata('served-by', 'tenon');
    context.setReplyMetadata('tenant', context.metadata['tenant'] ?? 'nobody');
    return { greeting: `hello ${(request as { name: string }).name}`, timeLeftMs: finite(context.timeLeftMs) };
  }

  @Endpoint({ request: anything })
  echo(request: unknown): unknown {
    return request;
  }

  @Endpoint({ request: anything })
  letters(count: unknown): unknown {
    return 'x'.repeat(count as number);
  }

  @Endpoint({ request: anything })
  refuse(): unknown {
    throw new ServiceError('NotFound', 'nobody is here', { details: { looked: ['everywhere'] } });
  }

  @Endpoint({ request: anything })
  fail(): unknown {
    throw new TypeError('secret');
  }

  @Endpoint({ request: anything })
  wait(): Promise<unknown> {
    return this.#untilLeft('wait');
  }

  /** Reads none of its requests. */
  @Endpoint({ stream: 'client', request: anything })
  idle(_requests: AsyncIterable<unknown>): Promise<unknown> {
    return this.#untilLeft('idle');
  }

  @Endpoint({ stream: 'server', request: anything })
  async *count(request: unknown): AsyncIterable<unknown> {
    const { to, pad = 0, fails = false } = request as CountRequest;
    callContext().setReplyMetadata('served-by', 'tenon');
    let n = 0;
    try {
      while (n < to) {
        n += 1;
        yield { n, pad: 'x'.repeat(pad) };
      }
      if (fails) throw new ServiceError('Aborted', 'it went wrong');
    } finally {
      this.#note(`count at ${n}`);
    }
  }

  @Endpoint({ stream: 'client', request: anything })
  async sum(requests: AsyncIterable<unknown>): Promise<unknown> {
    const sizes: number[] = [];
    for await (const request of requests) sizes.push(JSON.stringify(request).length);
    return { messages: sizes.length, letters: sizes.reduce((sum, size) => sum + size, 0) };
  }

  /** Reads the first request only. */
  @Endpoint({ stream: 'client', request: anything })
  async first(requests: AsyncIterable<unknown>): Promise<unknown> {
    for await (const request of requests) return { first: request };
    return { first: undefined };
  }

  @Endpoint({ stream: 'bidi', request: anything })
  async *chat(requests: AsyncIterable<unknown>): AsyncIterable<unknown> {
    for await (const request of requests) yield { heard: request };
  }

  /** Reads one request, stops reading, and then counts to three. */
  @Endpoint({ stream: 'bidi', request: anything })
  async *once(requests: AsyncIterable<unknown>): AsyncIterable<unknown> {
    for await (const request of requests) {
      yield { heard: request };
      break;
    }
    for (let n = 1; n <= 3; n += 1) yield { n };
  }

  /** Resolves when as many have ended, within 5 s. */
  async untilEnded(count: number): Promise<void> {
    const timer = setTimeout(() => this.#wake(), 5_000);
    const until = performance.now() + 4_999;
    while (this.ended.length < count && performance.now() < until) {
      await new Promise<void>((resolve) => this.#listeners.add(resolve));
    }
    clearTimeout(timer);
    if (this.ended.length < count) throw new Error(`only ${this.ended.length} of ${count} have ended`);
  }

  #untilLeft(what: string): Promise<never> {
    const { signal } = callContext();
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        this.#note(what);
        reject(signal.reason);
      });
    });
  }

  #note(what: string): void {
    this.ended.push(what);
    this.#wake();
  }

  #wake(): void {
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }
}

/** JSON has no infinity. */
function finite(milliseconds: number): number | null {
  return Number.isFinite(milliseconds) ? milliseconds : null;
}
