import { IsEmail, IsString, Length } from 'class-validator';
import {
  callContext,
  Endpoint,
  Event,
  Injectable,
  InjectPublisher,
  OnStart,
  OnStop,
  Publisher,
  Service,
  ServiceError,
  Subscribe,
} from '../src/index.js';

export class HelloRequest {
  @IsString()
  @Length(1, 20)
  name!: string;
}

export class HelloReply {
  greeting!: string;
}

@Event('greeter.greeted')
export class Greeted {
  @IsString()
  name!: string;
}

@Injectable()
export class Visits {
  count = 0;
  readonly greeted: string[] = [];
  readonly log: string[] = [];
}

@Service('greeter', { version: '1.2.0', metadata: { zone: 'a' } })
export class Greeter {
  constructor(
    private readonly visits: Visits,
    @InjectPublisher(Greeted) private readonly greeted: Publisher<Greeted>,
  ) {}

  @OnStart()
  warmUp(): void {
    this.visits.log.push('start');
  }

  @OnStop()
  coolDown(): void {
    this.visits.log.push('stop');
  }

  @Endpoint({ idempotent: true, response: HelloReply })
  async hello(request: HelloRequest): Promise<HelloReply> {
    this.visits.count += 1;
    callContext().setReplyMetadata('x-visits', String(this.visits.count));
    await this.greeted.publish({ name: request.name });
    return { greeting: `Hello ${request.name}, a ${request.constructor.name}` };
  }

  @Endpoint()
  async fail(request: HelloRequest): Promise<HelloReply> {
    if (request.name === 'typed')
      throw new ServiceError('NotFound', 'nobody of that name', { details: { name: 'typed' } });
    throw request.name === 'text' ? 'a secret' : new Error('a secret');
  }

  @Endpoint()
  ping(): string {
    return 'pong';
  }

  @Subscribe(Greeted, { queue: 'greeter' })
  onGreeted(event: Greeted): void {
    this.visits.greeted.push(event.name);
  }
}

export class Mail {
  @IsEmail()
  to!: string;
}
