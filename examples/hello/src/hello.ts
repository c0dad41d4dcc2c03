import { IsString } from 'class-validator';
import { createApp, Endpoint, Service } from 'tenon';

class HelloRequest {
  @IsString() name!: string;
}

@Service('greeter')
class Greeter {
  @Endpoint() hello(request: HelloRequest) {
    return { greeting: `Hello ${request.name}` };
  }
}

const app = await createApp({ services: [Greeter], profile: 'test' });
await app.start();
console.log(await app.client(Greeter).hello({ name: 'Ada' }));
await app.close();
