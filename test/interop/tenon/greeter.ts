import { IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { anything, callContext, Endpoint, Service, ServiceError } from 'tenon';

export class HelloRequest {
  @IsString() @MaxLength(100) name!: string;
}

export class CountRequest {
  @IsInt() @Min(0) @Max(1_000) to!: number;
}

export class Tick {
  @IsInt() n!: number;
}

/** The service that strangers meet: an ordinary one, the same for all of them. */
@Service('greeter', { version: '1.2.0' })
export class Greeter {
  @Endpoint({ idempotent: true })
  async hello({ name }: HelloRequest): Promise<{ greeting: string }> {
    return { greeting: `Hello ${name}` };
  }

  /** Comes back as it came. */
  @Endpoint({ request: anything, idempotent: true })
  async echo(value: unknown): Promise<unknown> {
    return value;
  }

  /** Sends back, as metadata, the metadata of the call whose names begin with `x-`. */
  @Endpoint({ request: anything })
  async headers(): Promise<Readonly<Record<string, string>>> {
    const context = callContext();
    const mine = Object.entries(context.metadata).filter(([name]) => name.startsWith('x-'));
    for (const [name, value] of mine) context.setReplyMetadata(name, value);
    return Object.fromEntries(mine);
  }

  @Endpoint({ stream: 'server', response: Tick })
  async *count({ to }: CountRequest): AsyncIterable<Tick> {
    for (let n = 1; n <= to; n += 1) yield { n };
  }

  /** Fails as a service means to. */
  @Endpoint()
  async find({ name }: HelloRequest): Promise<never> {
    throw new ServiceError('NotFound', `nobody is called ${name}`, { details: { name } });
  }

  /** Fails as no service means to. */
  @Endpoint({ request: anything })
  async break(): Promise<never> {
    throw new Error('a secret');
  }
}
