import { once } from 'node:events';
import { IsInt, IsString } from 'class-validator';
import { callContext, Endpoint, Event, Service, ServiceError, Subscribe } from 'tenon';

export class Order {
  @IsString() name!: string;
  @IsInt() to!: number;
}

export class Answer {
  @IsString() msg!: string;
  @IsInt() n!: number;
  @IsInt() left!: number;
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
export const arrived: { readonly uploads: number[][]; readonly events: Heard[]; givenUp: number } = {
  uploads: [],
  events: [],
  givenUp: 0,
};

/** What go-micro's clients call. */
@Service('greeter')
export class Greeter {
  @Endpoint({ response: Answer })
  async hello({ name }: Order): Promise<Answer> {
    return answer({ msg: `Hello ${name} from ${callContext().metadata['x-from']}` });
  }

  @Endpoint({ response: Answer })
  async fail({ name }: Order): Promise<Answer> {
    throw new ServiceError('NotFound', `no such ${name}: Zoë <&>`);
  }

  @Endpoint({ response: Answer })
  async left(_request: Order): Promise<Answer> {
    return answer({ left: Math.round(callContext().timeLeftMs) });
  }

  /** Until its caller has given up. */
  @Endpoint({ response: Answer })
  async wait(_request: Order): Promise<Answer> {
    const { signal } = callContext();
    if (!signal.aborted) await once(signal, 'abort');
    arrived.givenUp += 1;
    return answer({});
  }

  @Endpoint({ stream: 'server', response: Answer })
  async *count({ to, name }: Order): AsyncIterable<Answer> {
    for (let n = 1; n <= to; n += 1) yield answer({ n });
    if (name === 'fail') throw new ServiceError('InvalidArgument', 'boom');
  }

  @Endpoint({ stream: 'bidi', request: Order, response: Answer })
  async *chat(requests: AsyncIterable<Order>): AsyncIterable<Answer> {
    for await (const { name } of requests) yield answer({ msg: `got ${name}` });
  }

  @Endpoint({ stream: 'client', request: Order, response: Answer })
  async upload(requests: AsyncIterable<Order>): Promise<Answer> {
    const read: number[] = [];
    for await (const { to } of requests) read.push(to);
    arrived.uploads.push(read);
    return answer({ n: read.length });
  }

  @Subscribe(Heard)
  heard(event: Heard): void {
    arrived.events.push(event);
  }
}

/** What `test/interop/go-micro` serves: a class, not a contract, so that protobuf knows its messages. */
@Service('gogreeter', { as: 'Greeter' })
export class Gopher {
  @Endpoint({ response: Answer })
  async hello(_request: Order): Promise<Answer> {
    return elsewhere();
  }

  @Endpoint({ response: Answer })
  async fail(_request: Order): Promise<Answer> {
    return elsewhere();
  }

  @Endpoint({ response: Answer })
  async plain(_request: Order): Promise<Answer> {
    return elsewhere();
  }

  @Endpoint({ response: Answer })
  async left(_request: Order): Promise<Answer> {
    return elsewhere();
  }

  @Endpoint({ response: Answer })
  async wait(_request: Order): Promise<Answer> {
    return elsewhere();
  }

  @Endpoint({ stream: 'server', response: Answer })
  count(_request: Order): AsyncIterable<Answer> {
    return elsewhere();
  }

  @Endpoint({ stream: 'bidi', request: Order, response: Answer })
  chat(_requests: AsyncIterable<Order>): AsyncIterable<Answer> {
    return elsewhere();
  }

  @Endpoint({ stream: 'client', request: Order, response: Answer })
  async sum(_requests: AsyncIterable<Order>): Promise<Answer> {
    return elsewhere();
  }
}

function answer(said: Partial<Answer>): Answer {
  return { msg: '', n: 0, left: 0, ...said };
}

function elsewhere(): never {
  throw new ServiceError('Unimplemented', 'it is served elsewhere');
}
