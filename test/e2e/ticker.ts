import { setTimeout as later } from 'node:timers/promises';
import { IsInt, Min } from 'class-validator';
import { callContext, Endpoint, Service, ServiceError } from 'tenon';

export class CountRequest {
  @IsInt() @Min(0) to!: number;
}

export class Tick {
  @IsInt() n!: number;
}

/** A service whose streams tell what becomes of them. */
@Service('ticker')
export class Ticker {
  /** What happened to its streams, in order. */
  readonly seen: string[] = [];
  /** The last tick that `count` has yielded. */
  produced = -1;

  @Endpoint()
  async last({ n }: Tick): Promise<Tick> {
    return { n };
  }

  @Endpoint({ stream: 'server', response: Tick })
  async *count({ to }: CountRequest): AsyncIterable<Tick> {
    callContext().setReplyMetadata('counts-to', String(to));
    try {
      for (let n = 0; n < to; n += 1) {
        this.produced = n;
        yield { n };
      }
    } finally {
      this.seen.push('count ended');
    }
  }

  @Endpoint({ stream: 'server', response: Tick })
  async *failing({ to }: CountRequest): AsyncIterable<Tick> {
    for (let n = 0; n < to; n += 1) yield { n };
    throw new ServiceError('DataLoss', 'the rest is gone', { details: { after: to } });
  }

  /** Yields once, and then waits for its caller to leave. */
  @Endpoint({ stream: 'server', response: Tick })
  async *stuck({ to }: CountRequest): AsyncIterable<Tick> {
    const { signal } = callContext();
    try {
      yield { n: to };
      await later(60_000, undefined, { signal });
    } finally {
      this.seen.push(`stuck ended: ${(signal.reason as ServiceError).code}`);
    }
  }

  @Endpoint({ stream: 'client', request: Tick })
  async sum(ticks: AsyncIterable<Tick>): Promise<Tick> {
    let sum = 0;
    for await (const { n } of ticks) sum += n;
    return { n: sum };
  }

  /** Takes the first only. */
  @Endpoint({ stream: 'client', request: Tick })
  async first(ticks: AsyncIterable<Tick>): Promise<Tick> {
    for await (const tick of ticks) return tick;
    throw new ServiceError('InvalidArgument', 'there was none');
  }

  @Endpoint({ stream: 'bidi', request: Tick, response: Tick })
  async *double(ticks: AsyncIterable<Tick>): AsyncIterable<Tick> {
    try {
      for await (const { n } of ticks) yield { n: 2 * n };
    } finally {
      this.seen.push('double ended');
    }
  }
}
