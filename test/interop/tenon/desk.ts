import { IsInt, IsString, MinLength } from 'class-validator';
import { Endpoint, Service } from 'tenon';
import { CountRequest, Tick } from './greeter.js';

export class HelloRequest {
  @IsString() @MinLength(1) name!: string;
}

export class HelloReply {
  @IsString() greeting!: string;
}

export class Sum {
  @IsInt() n!: number;
}

/** One endpoint of each kind, with a class for every message: what reflection can describe whole. */
@Service('desk')
export class Desk {
  @Endpoint({ response: HelloReply, idempotent: true })
  async hello({ name }: HelloRequest): Promise<HelloReply> {
    return { greeting: `Hello ${name}` };
  }

  @Endpoint({ stream: 'server', response: Tick })
  async *count({ to }: CountRequest): AsyncIterable<Tick> {
    for (let n = 1; n <= to; n += 1) yield { n };
  }

  @Endpoint({ stream: 'client', request: Tick, response: Sum })
  async total(ticks: AsyncIterable<Tick>): Promise<Sum> {
    let sum = 0;
    for await (const { n } of ticks) sum += n;
    return { n: sum };
  }

  @Endpoint({ stream: 'bidi', request: Tick, response: Tick })
  async *double(ticks: AsyncIterable<Tick>): AsyncIterable<Tick> {
    for await (const { n } of ticks) yield { n: 2 * n };
  }
}
