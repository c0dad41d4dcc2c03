import { IsInt, IsString } from 'class-validator';
import { callContext, contract, Endpoint, Event, Service, ServiceError, Subscribe } from 'tenon';

export class Order {
  @IsString() name!: string;
  @IsInt() to!: number;
}

/** What go-micro publishes here. */
@Event('tenon.heard')
export class Heard {
  @IsString() name!: string;
  @IsInt() to!: number;
}

/** What go-micro has subscribed to. */
@Event('go.heard')
export class Told {
  @IsString() name!: string;
  @IsInt() to!: number;
}

/** What has come to the {@link Greeter}. */
export const arrived: { readonly uploads: number[][]; readonly events: Heard[] } = { uploads: [], events: [] };

/** What go-micro's client calls. */
@Service('greeter')
export class Greeter {
  @Endpoint()
  async hello({ name }: Order): Promise<{ msg: string }> {
    return { msg: `Hello ${name} from ${callContext().metadata['x-from']}` };
  }

  @Endpoint()
  async fail({ name }: Order): Promise<{ msg: string }> {
    throw new ServiceError('NotFound', `no such ${name}: Zoë <&>`);
  }

  @Endpoint()
  async left(_request: Order): Promise<{ left: number }> {
    return { left: Math.round(callContext().timeLeftMs) };
  }

  @Endpoint({ stream: 'server' })
  async *count({ to, name }: Order): AsyncIterable<{ n: number }> {
    for (let n = 1; n <= to; n += 1) yield { n };
    if (name === 'fail') throw new ServiceError('InvalidArgument', 'boom');
  }

  @Endpoint({ stream: 'bidi', request: Order })
  async *chat(requests: AsyncIterable<Order>): AsyncIterable<{ msg: string }> {
    for await (const { name } of requests) yield { msg: `got ${name}` };
  }

  @Endpoint({ stream: 'client', request: Order })
  async upload(requests: AsyncIterable<Order>): Promise<{ n: number }> {
    const read: number[] = [];
    for await (const { to } of requests) read.push(to);
    arrived.uploads.push(read);
    return { n: read.length };
  }

  @Subscribe(Heard)
  heard(event: Heard): void {
    arrived.events.push(event);
  }
}

/** What `test/interop/go-micro` serves. */
interface Gopher {
  hello(request: Order): Promise<{ msg: string }>;
  fail(request: Order): Promise<{ msg: string }>;
  plain(request: Order): Promise<{ msg: string }>;
  left(request: Order): Promise<{ left: number }>;
  count(request: Order): AsyncIterable<{ n: number }>;
  chat(requests: AsyncIterable<Order>): AsyncIterable<{ msg: string }>;
  sum(requests: AsyncIterable<Order>): Promise<{ n: number }>;
}

export const gopher = contract<Gopher>()('gogreeter', {
  as: 'Greeter',
  streams: { count: 'server', chat: 'bidi', sum: 'client' },
});
