import { IsString } from 'class-validator';
import { Endpoint, Event, InjectPublisher, Publisher, Service, Subscribe } from 'tenon';

export class HelloRequest {
  @IsString() name!: string;
}

@Event('greeter.greeted')
export class Greeted {
  @IsString() name!: string;
}

/** The service that stays the same while everything around it is replaced. */
@Service('greeter')
export class Greeter {
  readonly heard: string[] = [];

  constructor(@InjectPublisher(Greeted) private readonly greeted: Publisher<Greeted>) {}

  @Endpoint({ idempotent: true })
  async hello(request: HelloRequest): Promise<{ greeting: string }> {
    await this.greeted.publish({ name: request.name });
    return { greeting: `Hello ${request.name}` };
  }

  @Subscribe(Greeted)
  onGreeted(event: Greeted): void {
    this.heard.push(event.name);
  }
}
